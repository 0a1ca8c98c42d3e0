// How much may move: the system can ask for less. The style sheet stops its own animations.

/** Whether the person's system asks for reduced motion. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** How to scroll to something. A script that says “smooth” overrides the style sheet. @returns {ScrollBehavior} */
export const scrollBehavior = () => (isCalm() ? "auto" : "smooth");
