// A number that may stay empty.

export class OpenNumber {
  constructor({ element, props, watch }) {
    const input = element.querySelector("input");
    const show = () => { input.value = props.value ?? ""; };
    input.addEventListener("input", () => { props.value = input.value; });
    watch("value", () => String(props.value ?? "") === input.value || show());
    show();
  }
}
