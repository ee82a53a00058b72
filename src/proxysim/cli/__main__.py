"""``python -m proxysim.cli`` is the command ``proxysim``."""

from proxysim.cli import main

main()
