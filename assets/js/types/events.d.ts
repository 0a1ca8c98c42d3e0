// The events of the bus (core/bus.js) and their payloads.

import type { AssetView, Follow, JobView } from "./api.d.ts";
import type { ModelAdvice, Values } from "./page.d.ts";

/** A deleted asset, of which only the id is known. */
export interface GoneAsset {
  id: string;
  kind?: undefined;
  title?: undefined;
  favorite?: undefined;
}

export interface Events {
  /** The queue changed. */
  jobs: { jobs: Map<string, JobView>; changed: JobView[] };
  /** One of my jobs ended. */
  finished: JobView;
  /** The device meter moved. */
  device: NonNullable<Follow["device"]>;
  /** The studio responds, or no longer does. */
  online: boolean;
  /** Another tab was opened. */
  tab: string;
  /** Open or close the queue. */
  queue: void;
  /** The queue was opened, or closed. */
  queueOpen: boolean;
  /** Put this on the stage of its medium. */
  show: { asset?: AssetView; job?: JobView };
  /** This is now on a stage. */
  shown: AssetView;
  /** Show the list of keyboard shortcuts. */
  shortcuts: void;
  /** Run this action of the result on the open tab. */
  act: string;
  /** Show the next result in the filmstrip of the open tab (1), or the one before (-1). */
  stepFilm: number;
  /** Use this as input. */
  use: { asset: AssetView; task?: string };
  /** Fill the form with this asset's settings. */
  reuse: { asset: AssetView };
  /** Put these values into a form. */
  fill: { task: string; values: Values };
  /** The values of a form, what its model does with them, and whether it is too large for the memory. */
  formChanged: { task: string; values: Values; about?: ModelAdvice; cast?: string[]; tight?: boolean };
  /** Add the pronunciation of a word. */
  pronounce: string;
  /** Choose a picture and fill the form with its settings. */
  importSettings: void;
  /** An asset was added, changed, deleted or restored. */
  changed: { asset: AssetView | GoneAsset; gone?: boolean; back?: boolean };
  /** A cast member was added, changed or deleted. */
  cast: void;
  /** Another project is current: its id, or null. */
  project: string | null;
  /** A project was renamed, archived or restored. */
  projects: void;
}
