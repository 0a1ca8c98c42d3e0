// The studio's REST routes. Addresses are relative: they hold under a proxy's prefix too.

/** What the studio said went wrong: {code, what, why, next}. */
export class Problem extends Error {
  constructor(problem, status) {
    super([problem.what, problem.why, problem.next].filter(Boolean).join(" "));
    Object.assign(this, { problem, status });
  }
}

const unreachable = { code: "unreachable", what: "The studio does not answer.", next: "It may be restarting; this page tries again by itself." };

export const problemOf = (body, status) => body?.problem ?? (body?.what ? body : null) ?? {
  code: `http_${status}`,
  what: status === 413 ? "The file is too large." : "The studio could not do that.",
  why: `It answered with error ${status}.`,
};

export const signIn = () => location.assign(new URL("login", document.baseURI));

async function call(method, path, body) {
  const plain = body === undefined || body instanceof FormData;
  let answer;
  try {
    answer = await fetch(`api/${path}`, {
      method,
      cache: "no-store",
      headers: plain ? {} : { "Content-Type": "application/json" },
      body: plain ? body : JSON.stringify(body),
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

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body) => call("PUT", path, body);
export const patch = (path, body) => call("PATCH", path, body);
export const remove = (path) => call("DELETE", path);

/** Ask until the studio answers: it may be restarting. */
async function patiently(ask) {
  for (;;) {
    try { return await ask(); } catch (error) {
      if (error.status && error.status < 500 && error.status !== 429) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

let who;

/** Who is signed in, asked once. */
export const me = () => (who ??= patiently(() => get("me")));

export const query = (values) => new URLSearchParams(Object.entries(values).filter(([, v]) => v !== null && v !== undefined && v !== ""));

export const asset = (id) => get(`assets/${id}`);

/** An asset; null where it was deleted, or was never ours. Nothing comes where somebody has to sign in again. */
export const assetIfThere = (id) => patiently(() => asset(id)).catch((error) => (error.status === 401 ? new Promise(() => {}) : null));

export const assets = (filter) => get(`assets?${query(filter)}`);
export const fileOf = (id) => `api/assets/${id}/file`;
export const thumbOf = (id) => `api/assets/${id}/thumb`;
export const previewOf = (job) => `api/jobs/${job.id}/preview?n=${job.preview}`;

/** A sample that comes with the studio, as a file a person would have chosen. */
export async function sample(name) {
  const answer = await fetch(`c41/samples/${name}`).catch(() => { throw new Problem(unreachable, 0); });
  if (answer.status === 401) signIn();
  if (!answer.ok) throw new Problem(problemOf(null, answer.status), answer.status);
  const data = await answer.blob();
  return new File([data], name, { type: data.type });
}

/** Send a file straight to the library. Resolves to its asset; ``progress`` is called with 0..1. */
export function upload(file, project, progress, to = `assets?${query({ name: file.name || "pasted", project_id: project })}`) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", `api/${to}`);
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
