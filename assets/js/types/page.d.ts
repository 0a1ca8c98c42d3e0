// What Python (`tabs/`) renders on the page and sends to its parts.

/** Values of a form by field. */
// The type of a value depends on the task's request.
export type Values = Record<string, any>;

/** A part of the page as Gradio provides it. `props.value` is synchronized in both directions. */
export interface Part {
  element: HTMLElement;
  props: { value: string };
  /** Tell Python that something happened. */
  trigger: (event: string, detail?: unknown) => void;
  /** Call the listener when Python sets a property. */
  watch: (property: "value", listener: () => void) => void;
}

/** What the model of a form does with its values; fields exist if the task has them. */
export interface ModelAdvice {
  why?: string;
  calm?: string;
  caution?: string;
  model?: string;
  sketch?: string;
  vocabulary?: WordGroup[];
  unknown?: string[];
  read?: number;
  idle?: string[];
  usual?: Record<string, string>;
  controls?: string[];
  levels?: Record<string, string>;
  loras?: ModelFit;
  size?: SizeAdvice;
  length?: LengthAdvice;
  speakers?: SpeakerAdvice;
}

/** Words to press, and where they belong in a prompt. */
export interface WordGroup {
  name: string;
  role: "thing" | "adjective" | "phrase" | "clause" | "opening";
  words: string[];
}

/** The LoRA families a model takes, and the message for others. */
export interface ModelFit {
  families?: string[] | null;
  else?: string;
}

export interface SizeAdvice {
  shapes: string[];
  usual?: string;
  offered: OfferedSize[];
  width: number;
  height: number;
}

/** A size for the chosen shape, in px; without megapixels, the model's standard. */
export interface OfferedSize {
  megapixels: number | null;
  width: number;
  height: number;
}

/** Who speaks in a text, what looks like a speaker but is none, and all names that are known. */
export interface SpeakerAdvice {
  used: string[];
  unknown: string[];
  known: string[];
}

export interface LengthAdvice {
  offered: number[];
  /** The model makes longer clips in parts. */
  at_once: number;
  usual: number;
  seconds: number;
}

/** The names of the tasks, their fields and the models. */
export interface NameTables {
  tasks: Record<string, TaskNames>;
  models: Record<string, string>;
}

export interface TaskNames {
  name: string;
  button: string;
  takes: string[];
  fields: Record<string, FieldNames>;
}

export interface FieldNames {
  label: string;
  unit?: string;
  values?: Record<string, string>;
}

declare global {
  interface Window {
    C41: {
      media: Record<string, string>;
      offered: string[];
      families: Record<string, string>;
      queue: [string, Part][];
      mount: (kind: string, part: Part) => void;
    };
  }
}
