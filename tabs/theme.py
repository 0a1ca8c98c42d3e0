"""Gradio's components in the studio's colors, which are defined in ``assets/css/core/tokens.css``."""

from gradio.themes import Base, sizes

_SYSTEM = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "DejaVu Sans", "sans-serif")
_MONO = ("ui-monospace", "Cascadia Mono", "Menlo", "DejaVu Sans Mono", "monospace")

_LOOK = {
    "body_background_fill": "var(--bg)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--soft)",
    "background_fill_primary": "var(--panel)",
    "background_fill_secondary": "var(--raise)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--amber)",
    "color_accent": "var(--amber)",
    "color_accent_soft": "var(--amber-soft)",
    "link_text_color": "var(--amber)",
    "block_background_fill": "transparent",
    "block_border_width": "0px",
    "block_label_background_fill": "transparent",
    "block_label_text_color": "var(--soft)",
    "block_title_text_color": "var(--soft)",
    "block_title_text_weight": "400",
    "block_info_text_color": "var(--soft)",
    "block_padding": "0px",
    "block_shadow": "none",
    "panel_border_width": "0px",
    "input_background_fill": "var(--raise)",
    "input_background_fill_focus": "var(--raise)",
    "input_border_color": "var(--line)",
    "input_border_color_focus": "var(--amber)",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "input_placeholder_color": "var(--faint)",
    "input_radius": "10px",
    "slider_color": "var(--amber)",
    "checkbox_background_color": "var(--raise)",
    "checkbox_background_color_selected": "var(--amber)",
    "checkbox_background_color_focus": "var(--raise)",
    "checkbox_background_color_hover": "var(--raise)",
    "checkbox_border_color": "var(--line-strong)",
    "checkbox_border_color_focus": "var(--amber)",
    "checkbox_border_color_hover": "var(--amber)",
    "checkbox_border_color_selected": "var(--amber)",
    "checkbox_label_background_fill": "transparent",
    "checkbox_label_background_fill_selected": "var(--raise)",
    "checkbox_label_text_color": "var(--soft)",
    "checkbox_label_text_color_selected": "var(--ink)",
    "button_primary_background_fill": "var(--amber)",
    "button_primary_text_color": "var(--amber-ink)",
    "button_secondary_background_fill": "var(--panel)",
    "button_secondary_text_color": "var(--ink)",
}


class Theme(Base):
    """Charcoal and amber in the dark theme, paper and amber in the light one; system fonts."""

    def __init__(self) -> None:
        super().__init__(text_size=sizes.text_lg, font=_SYSTEM, font_mono=_MONO)
        known = set(self.set.__code__.co_varnames)
        dark = {f"{name}_dark": value for name, value in _LOOK.items() if f"{name}_dark" in known}
        self.set(**_LOOK, **dark)
