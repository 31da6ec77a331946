"""The mark in sound: a keyed pattern of two seconds, repeated, as loud in every place as the sound there hides."""
