"""``python -m proxysim`` is the command ``proxysim``."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit; Ctrl-C while Python still imports it ends as quietly as later."""
    try:
        from proxysim.cli import main as run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    main()
