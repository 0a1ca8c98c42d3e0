"""QR codes of addresses, for a phone's camera."""

import io
import sys

import segno


def svg(text: str) -> str:
    """Return a QR code as an SVG element, always black on white; it scales with its container."""
    return segno.make(text, error="m", micro=False).svg_inline(
        scale=4, border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )


def for_terminal(text: str) -> str:
    """Return a QR code in block characters; empty if the terminal cannot show them."""
    if "utf" not in (sys.stdout.encoding or "").lower():
        return ""
    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()
