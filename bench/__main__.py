"""``python -m bench NAME``, or ``all``: prints one JSON object a line."""

import argparse

from bench import chat, follow, gpu, joins, library, memory, overhead, page, start, storybook, swap, write

BENCHES = {
    "overhead": overhead.run,
    "start": start.run,
    "follow": follow.run,
    "chat": chat.run,
    "gpu": gpu.run,
    "joins": joins.run,
    "library": library.run,
    "memory": memory.run,
    "page": page.run,
    "storybook": storybook.run,
    "swap": swap.run,
    "write": write.run,
}
WITHOUT_GPU = ("overhead", "start", "page", "follow", "library", "memory", "joins", "write", "chat", "swap")


def main() -> None:
    """Run one benchmark, or all that need no GPU."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the studio. See docs/benchmarks.md.")
    parser.add_argument("name", choices=[*BENCHES, "all"])
    chosen = parser.parse_args().name
    for name in WITHOUT_GPU if chosen == "all" else (chosen,):
        BENCHES[name]()


if __name__ == "__main__":
    main()
