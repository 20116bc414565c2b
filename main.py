"""The image's entry: the console command, ended cleanly by SIGTERM."""

import os
import signal
import sys

from source_meta_ads.run import run

STOPPED = 128 + signal.SIGTERM


def main() -> None:
    """Run one command; when told to stop, write out what is already said and exit at once with 143."""
    # A container's first process gets no default handler: unhandled, SIGTERM would do nothing until SIGKILL.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))
    try:
        run()
    except SystemExit as ended:
        if ended.code == STOPPED:
            # Workers may wait for Meta for minutes; the next sync goes on from the last state that was written.
            sys.stdout.flush()
            os._exit(STOPPED)
        raise


if __name__ == "__main__":
    main()
