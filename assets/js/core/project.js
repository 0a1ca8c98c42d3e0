// The current project, set by the bar.

/** @import { ProjectView } from "../types/api.js" */

/**
 * The current project; the id null means *My own work*. ``all`` are the person's projects; ``loaded``, whether the studio
 * has answered which it is.
 * @type {{ id: string | null, name: string, all: ProjectView[], loaded: boolean }}
 */
export const project = { id: null, name: "My own work", all: [], loaded: false };

/** The projects that are offered for new work: those that are not archived. */
export const activeProjects = () => project.all.filter((one) => !one.archived);

/**
 * Who can see what is in a project; without one, it is the person's own work.
 * @param {Pick<ProjectView, "shared" | "mine"> | undefined} [one]
 */
export const audience = (one) => {
  if (!one) return "visible only to you";
  if (one.shared) return "visible to everyone in the studio";
  return one.mine ? "visible to you and the people you add" : "visible to the people on it";
};
