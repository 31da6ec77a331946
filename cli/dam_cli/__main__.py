"""python -m dam_cli"""

from dam_cli.main import main

main()
