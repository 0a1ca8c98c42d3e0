// A number that may stay empty, or one that is counted up and down.

export class OpenNumber {
  constructor({ element, props, watch }) {
    const input = element.querySelector("input"), buttons = [...element.querySelectorAll("[data-by]")];
    const [low, high] = [Number(input.min), Number(input.max)];
    const show = () => { input.value = props.value ?? ""; ends(); };
    const ends = () => buttons.forEach((button) => {
      const at = Number(button.dataset.by) < 0 ? Number(input.value) <= low : Number(input.value) >= high;
      button.setAttribute("aria-disabled", String(at)); // not disabled: the focus would be lost with the last press
    });
    const put = (value) => { props.value = String(value); show(); };
    input.addEventListener("input", () => { props.value = input.value; ends(); });
    if (buttons.length) {
      for (const button of buttons) button.addEventListener("click", () => put(legal(Number(input.value) + Number(button.dataset.by))));
      input.addEventListener("change", () => put(legal(input.value)));
    }
    const legal = (value) => Math.min(high, Math.max(low, Math.round(Number(value)) || low));
    watch("value", () => String(props.value ?? "") === input.value || show());
    show();
  }
}
