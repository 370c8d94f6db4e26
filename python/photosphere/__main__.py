"""The command line, ``photosphere`` and ``python -m photosphere``, within this process."""

import os
import signal
import sys
import tempfile


def main() -> None:
    """Runs the command line with the arguments of this process and exits with its code."""
    # Mesa's Vulkan drivers print an error where this variable, a folder for sockets of a display, is not set.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    # Python would hear an interrupt only once the command is done.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ._photosphere import command_line

    sys.exit(command_line(["photosphere", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
