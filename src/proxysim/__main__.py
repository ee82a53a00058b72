"""``python -m proxysim`` is the command ``proxysim``."""

from proxysim.cli import main

if __name__ == "__main__":
    main()
