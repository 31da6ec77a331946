"""From inputs, credentials and likeness to edges with evidence; walks and drawings of the graph. Pure: no database."""
