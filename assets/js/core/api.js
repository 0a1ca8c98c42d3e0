// The studio's REST routes. Addresses are relative, so they also work under a proxy's prefix.

/**
 * @import { AssetView, Me, Problem as ProblemView } from "../types/api.js"
 * @import { Answer } from "../types/routes.js"
 */

/** An error reported by the studio: {code, what, why, next, field}. */
export class Problem extends Error {
  /**
   * @param {Pick<ProblemView, "code" | "what"> & Partial<ProblemView>} problem
   * @param {number} status HTTP status; 0 if there was no response
   */
  constructor(problem, status) {
    super([problem.what, problem.why, problem.next].filter(Boolean).join(" "));
    this.problem = { why: "", next: "", field: "", ...problem };
    this.status = status;
  }
}

const unreachable = { code: "unreachable", what: "The studio is not responding.", next: "It may be restarting. This page retries automatically." };

/**
 * The problem in a response.
 * @param {any} body
 * @param {number} status
 */
export const problemOf = (body, status) => body?.problem ?? (body?.what ? body : null) ?? {
  code: `http_${status}`,
  what: status === 413 ? "The file is too large." : "The request failed.",
  why: `The studio answered with error ${status}.`,
};

/** The message of a caught error. */
export const messageOf = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** The HTTP status of a caught error; undefined for other kinds of errors. */
export const statusOf = (/** @type {unknown} */ error) => (error instanceof Problem ? error.status : undefined);

export const signIn = () => location.assign(new URL("login", document.baseURI));

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function call(method, path, body) {
  const plain = body === undefined || body instanceof FormData;
  const sent = plain ? body : JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(`api/${path}`, {
      method,
      cache: "no-store",
      headers: plain ? {} : { "Content-Type": "application/json" },
      body: sent,
      keepalive: (method === "PUT" || method === "PATCH") && typeof sent === "string" && sent.length < 20_000, // the page may be closing
    });
  } catch {
    throw new Problem(unreachable, 0);
  }
  if (answer.status === 401) { signIn(); throw new Problem({ code: "signed_out", what: "You are signed out." }, 401); }
  const type = answer.headers.get("content-type") ?? "";
  const data = answer.status !== 204 && type.includes("json") ? await answer.json() : null;
  if (!answer.ok) throw new Problem(problemOf(data, answer.status), answer.status);
  return data;
}

/**
 * @template {string} Path
 * @param {Path} path
 * @returns {Promise<Answer<"GET", Path>>}
 */
export const get = (path) => call("GET", path);

/**
 * @template {string} Path
 * @param {Path} path
 * @param {unknown} [body]
 * @returns {Promise<Answer<"POST", Path>>}
 */
export const post = (path, body = {}) => call("POST", path, body);

/**
 * @template {string} Path
 * @param {Path} path
 * @param {unknown} body
 * @returns {Promise<Answer<"PUT", Path>>}
 */
export const put = (path, body) => call("PUT", path, body);

/**
 * @template {string} Path
 * @param {Path} path
 * @param {unknown} body
 * @returns {Promise<Answer<"PATCH", Path>>}
 */
export const patch = (path, body) => call("PATCH", path, body);

/**
 * @template {string} Path
 * @param {Path} path
 * @returns {Promise<Answer<"DELETE", Path>>}
 */
export const remove = (path) => call("DELETE", path);

/**
 * Retry until the studio responds: it may be restarting.
 * @template T
 * @param {() => Promise<T>} ask
 */
async function patiently(ask) {
  for (;;) {
    try { return await ask(); } catch (error) {
      const status = statusOf(error);
      if (status && status < 500 && status !== 429) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 2000); });
    }
  }
}

/** @type {Promise<Me> | undefined} */
let who;

/** The signed-in person, loaded once. */
export const me = () => (who ??= patiently(() => get("me")));

/**
 * URL query parameters, without the empty ones.
 * @param {Record<string, unknown>} values
 */
export const query = (values) => new URLSearchParams(Object.entries(values)
  .filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => [name, String(value)]));

/** @param {string} id */
export const asset = (id) => get(`assets/${id}`);

/**
 * An asset; null if it was deleted or is not visible to this person. Never resolves if they have to sign in again.
 * @param {string} id
 * @returns {Promise<AssetView | null>}
 */
export const assetIfThere = (id) => patiently(() => asset(id)).catch((error) => (statusOf(error) === 401 ? new Promise(() => {}) : null));

/** @param {Record<string, unknown>} filter */
export const assets = (filter) => get(`assets?${query(filter)}`);

/** @param {string} id */
export const fileOf = (id) => `api/assets/${id}/file`;

/**
 * What browsers play of a clip: its small copy if it has one.
 * @param {{ id: string, has_proxy?: boolean }} clip
 */
export const playableOf = (clip) => (clip.has_proxy ? `api/assets/${clip.id}/proxy` : fileOf(clip.id));

/** @param {string} id */
export const thumbOf = (id) => `api/assets/${id}/thumb`;

/** @param {string} id */
export const firstFrameOf = (id) => `api/assets/${id}/first-frame`;

/** @param {{ id: string, preview: number }} job */
export const previewOf = (job) => `api/jobs/${job.id}/preview?n=${job.preview}`;

/**
 * A bundled sample as a File, as if a person had chosen it.
 * @param {string} name
 */
export async function sample(name) {
  const answer = await fetch(`c41/samples/${name}`).catch(() => { throw new Problem(unreachable, 0); });
  if (answer.status === 401) signIn();
  if (!answer.ok) throw new Problem(problemOf(null, answer.status), answer.status);
  const data = await answer.blob();
  return new File([data], name, { type: data.type });
}

/**
 * @template T
 * @typedef {object} Upload a running upload
 * @property {Promise<T>} done resolves to the response
 * @property {() => void} stop
 */

/**
 * Upload a file to the library. ``progress`` is called with 0..1.
 * @param {File} file
 * @param {string | null} project
 * @param {(part: number) => void} progress
 * @param {string | null} [source] of the file
 * @returns {Upload<AssetView>}
 */
export const upload = (file, project, progress, source = null) =>
  send(`assets?${query({ name: file.name || "pasted", project_id: project, source })}`, file, progress);

/**
 * Send a file to a route.
 * @template {string} Path
 * @param {Path} path
 * @param {File} file
 * @param {(part: number) => void} progress is called with 0..1
 * @returns {Upload<Answer<"POST", Path>>}
 */
export function send(path, file, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", `api/${path}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => reject(new Problem(unreachable, 0));
    request.onabort = () => reject(new Problem({ code: "stopped", what: "" }, 0));
    request.onload = () => {
      if (request.status === 401) signIn();
      if (request.status < 300) resolve(request.response);
      else reject(new Problem(problemOf(request.response, request.status), request.status));
    };
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
  return { done, stop: () => request.abort() };
}
