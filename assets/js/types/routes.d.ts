// Map the path of a call to the type of its response: `assets/${id}/family` is looked up as `assets/{}/family`.

import type { DeleteRoutes, GetRoutes, PatchRoutes, PostRoutes, PutRoutes } from "./api.d.ts";

interface Methods {
  GET: GetRoutes;
  POST: PostRoutes;
  PUT: PutRoutes;
  PATCH: PatchRoutes;
  DELETE: DeleteRoutes;
}

type WithoutQuery<Path extends string> = Path extends `${infer Route}?${string}` ? Route : Path;
type Segment<Text extends string> = string extends Text ? "{}" : `${number}` extends Text ? "{}" : Text;
type Pattern<Path extends string> = Path extends `${infer Head}/${infer Rest}` ? `${Segment<Head>}/${Pattern<Rest>}` : Segment<Path>;

type NoSuchRoute = "there is no such route";

/** The view a route returns. */
export type Answer<Method extends keyof Methods, Path extends string> =
  Pattern<WithoutQuery<Path>> extends infer Route extends keyof Methods[Method] ? Methods[Method][Route] : NoSuchRoute;
