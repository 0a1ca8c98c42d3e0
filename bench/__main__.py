"""``python -m bench overhead|start|follow|library|swap|gpu|all``: one JSON object a line, a figure each."""

import argparse

from bench import chat, follow, gpu, library, overhead, start, storybook, swap

BENCHES = {
    "overhead": overhead.run,
    "start": start.run,
    "follow": follow.run,
    "chat": chat.run,
    "gpu": gpu.run,
    "library": library.run,
    "storybook": storybook.run,
    "swap": swap.run,
}


def main() -> None:
    """Run one benchmark, or all that need no graphics card."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the studio; docs/benchmarks.md.")
    parser.add_argument("name", choices=[*BENCHES, "all"])
    chosen = parser.parse_args().name
    for name in ("overhead", "start", "follow", "library", "chat", "swap") if chosen == "all" else (chosen,):
        BENCHES[name]()


if __name__ == "__main__":
    main()
