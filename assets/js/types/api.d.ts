// Written by `python -m api.page_types` from the pydantic views of the REST routes: do not edit.
// An object without a declared shape is a `Json`; the code that reads it knows its content.

type Json = Record<string, any>;

export interface About {
  version: string;
  python: string;
  data: string;
  settings: SettingView[];
  news: string;
  upgrade: string[];
}

export interface AskedQuestion {
  conversation: ConversationDetail;
  job: JobView;
}

export interface AssetFamily {
  parents: AssetView[];
  children: AssetView[];
  missing: number;
}

export interface AssetIndex {
  ids: string[];
  moments: number[];
}

export interface AssetPage {
  assets: AssetView[];
  next: string | null;
}

export interface AssetView {
  id: string;
  kind: "image" | "clip" | "sound" | "subtitles" | "document" | "lora" | "lut";
  origin: "made" | "upload";
  title: string;
  mime: string;
  bytes: number;
  width: number | null;
  height: number | null;
  seconds: number | null;
  fps: number | null;
  frames: number | null;
  content_sha256: string;
  created_at: number;
  deleted_at: number | null;
  project_id: string | null;
  job_id: string | null;
  mine: boolean;
  owner: string;
  has_thumb: boolean;
  has_proxy: boolean;
  parents: string[];
  children_count: number;
  favorite: boolean;
  tags: string[];
  source: string | null;
  step: boolean;
  model: string | null;
  family: string | null;
  lora: Json | null;
  notes: string[];
  reproduces: string | null;
  verdict: string | null;
  badges: string[];
  provenance: Json | null;
}

export interface BackupView {
  last_at: number | null;
  bytes: number;
  missing: number;
  place: string;
  running: boolean;
  done: number;
  total: number;
  problem: string;
  commands: string[];
}

export interface CastLoraView {
  asset: string;
  title: string;
  family: string;
  weight: number;
  trigger: string;
}

export interface CastPictureView {
  asset: string;
  title: string;
  has_thumb: boolean;
}

export interface CastView {
  id: string;
  name: string;
  kind: "character" | "product" | "place" | "style";
  look: string;
  pictures: CastPictureView[];
  loras: CastLoraView[];
  voice: string | null;
  notes: string;
  project_id: string | null;
  mine: boolean;
  owner: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  missing: number;
  alone: string[];
}

export interface Check {
  name: string;
  state: "good" | "warn" | "bad" | "none";
  words: string;
  next: string;
}

export interface ConversationDetail {
  id: string;
  title: string;
  named: boolean;
  preset: string | null;
  options: Options;
  project_id: string | null;
  mine: boolean;
  owner: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  answering: boolean;
  found: string;
  messages: MessageView[];
}

export interface ConversationPage {
  conversations: ConversationView[];
  next: string | null;
}

export interface ConversationView {
  id: string;
  title: string;
  named: boolean;
  preset: string | null;
  options: Options;
  project_id: string | null;
  mine: boolean;
  owner: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  answering: boolean;
  found: string;
}

export interface DesignMethod {
  step: string;
  how: "pictures" | "edit" | "change" | "words" | null;
  model: string | null;
  words: string;
}

export interface DesignStarted {
  way: DesignMethod;
  jobs: JobView[];
}

export interface DeviceView {
  name: string;
  used_bytes: number;
  total_bytes: number;
  words: string;
}

export interface Dismissed {
  count: number;
}

export interface Estimate {
  task: string;
  model: string;
  seconds: number;
  seconds_low: number;
  seconds_high: number;
  learned: boolean;
  wait_seconds: number;
  bytes: number;
  fits: boolean;
  words: string;
  queue_words: string;
  problem: Problem | null;
  fit: string;
  offers: Offer[];
  cast: string[];
}

export interface ExtraFolder {
  path: string;
  kinds: string[];
  obstacle: string;
}

export interface ExtraPaths {
  file: string;
  folders: ExtraFolder[];
  obstacle: string;
}

export interface Facet {
  value: string;
  name: string;
  count: number;
}

export interface Facets {
  total: number;
  favorites: number;
  deleted: number;
  kinds: Facet[];
  models: Facet[];
  people: Facet[];
  tags: Facet[];
  projects: Facet[];
}

export interface FailureView {
  code: string;
  cause: string;
  next: string;
  count: number;
  last_at: number;
  people: Record<string, number>;
  kinds: Record<string, number>;
}

export interface Fit {
  state: "fits" | "smaller" | "slow" | "too_big" | "unknown";
  words: string;
  slowdown: number;
}

export interface Follow {
  cursor: string;
  whole: boolean;
  jobs: JobView[];
  device: DeviceView | null;
}

export interface Health {
  version: string;
  time: number;
  checks: Check[];
  lanes: LaneView[];
}

export interface HubFiles {
  repo: string;
  license: string;
  gated: boolean;
  files: HubLora[];
}

export interface HubLora {
  path: string;
  size: number;
}

export interface JobView {
  id: string;
  mine: boolean;
  owner: string;
  task: string;
  noun: string;
  state: "queued" | "loading" | "running" | "saving" | "done" | "failed" | "cancelled" | "paused" | "interrupted";
  words: string;
  place: number | null;
  step: number;
  total: number;
  fraction: number | null;
  seconds_left: number | null;
  title: string;
  model: string;
  project_id: string | null;
  preview: number;
  text: string;
  thinking: string;
  facts: Json;
  assets: string[];
  error: Problem | null;
  cast: string[];
  request: Json | null;
  attempt: number;
  client_ref: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  lane: string;
  dismissed: boolean;
  can_move: boolean;
  can_cancel: boolean;
  can_pause: boolean;
  can_resume: boolean;
  can_retry: boolean;
}

export interface LaneView {
  name: string;
  title: string;
  waiting: number;
  running: number;
}

export interface LanguageModel {
  id: string;
  name: string;
  use: string;
  runtime: string;
  installed: boolean;
  bytes: number;
  context: number;
  vision: boolean;
  thinking: boolean;
  tools: boolean;
  sketch: boolean;
  loaded_bytes: number;
  parameters: string;
  quantization: string;
  license: License;
}

export interface LanguageModels {
  ollama_url: string;
  models: LanguageModel[];
  problem: Problem | null;
  left_out: string[];
  suggested: string;
}

export interface License {
  name: string;
  commercial: boolean;
  url: string;
  territory: ("EU" | "GB" | "KR" | "US")[];
}

export interface LoadedModelView {
  device: string;
  bytes: number;
  in_use: boolean;
}

export interface LoraFile {
  path: string;
  name: string;
  bytes: number;
  family: string | null;
  family_name: string;
  triggers: string[];
  obstacle: string;
}

export interface LoraListView {
  family: string | null;
  family_name: string;
  loras: LoraView[];
}

export interface LoraScan {
  folder: string;
  items: LoraFile[];
  more: boolean;
  extra: ExtraPaths | null;
}

export interface LoraView {
  id: string;
  title: string;
  family: string | null;
  family_name: string;
  triggers: string[];
  rank: number | null;
  base_model: string;
  layout: string;
  obstacle: string;
  note: string;
  bytes: number;
  has_thumb: boolean;
  mine: boolean;
  owner: string;
  fits: boolean | null;
}

export interface Me {
  id: string;
  name: string;
  role: "owner" | "member" | "guest";
  via: string;
  project_id: string | null;
  people: number;
}

export interface MessageView {
  id: string;
  parent_id: string | null;
  role: "user" | "assistant";
  text: string;
  thinking: string;
  attachments: string[];
  state: "done" | "answering" | "stopped";
  model: string | null;
  job_id: string | null;
  facts: Json;
  error: Problem | null;
  created_at: number;
  siblings: string[];
}

export interface ModelCard {
  id: string;
  name: string;
  use: string;
  tasks: string[];
  installed: boolean;
  starter: boolean;
  gated: boolean;
  lane: string;
  download_bytes: number;
  memory: Record<string, number>;
  license: License;
  verified: string;
  kind: string;
  runtime: string;
  sets: string[];
  fit: Fit;
  verified_words: string;
  loaded: LoadedModelView[];
  own: boolean;
  in_place: boolean;
  downloadable: boolean;
  removable: boolean;
  pages: string[];
  consent_pages: string[];
  load_words: string;
  disk_bytes: number;
  not_valid_in: string;
  licensed_here: boolean | null;
}

export interface ModelsView {
  models: ModelCard[];
  sets: SetView[];
  folder: string;
  free_bytes: number;
  token: boolean;
  hub: string;
  may_change: boolean;
}

export interface NewLink {
  name: string;
  url: string;
  qr: string;
  words: string;
  expires_at: number;
  note: string;
}

export interface Offer {
  label: string;
  seconds: number;
  changes: Json;
  get: string | null;
}

export type Options = Json;

export interface Outcome {
  done: string[];
  refused: Refusal[];
}

export interface OwnedToken {
  id: string;
  user_id: string;
  owner: string;
  name: string;
  created_at: number;
  used_at: number | null;
}

export interface PersonView {
  id: string;
  name: string;
  role: "owner" | "member" | "guest";
  disabled: boolean;
  invited: boolean;
  email: string | null;
  linked: boolean;
  seen_at: number | null;
  browsers: number;
  tokens: number;
  link_until: number | null;
}

export interface Phone {
  url: string;
  qr: string;
  trust: string;
  fingerprint: string;
  words: string;
}

export interface PinnedScript {
  kind: "message" | "document";
  title: string;
  owner: string;
  text: string;
  conversation_id: string | null;
  message_id: string | null;
  asset_id: string | null;
}

export interface PresetField {
  name: string;
  label: string;
  hint: string;
  lines: number;
}

export interface Problem {
  code: string;
  what: string;
  why: string;
  next: string;
  field: string;
}

export interface ProjectDetail {
  id: string;
  name: string;
  shared: boolean;
  mine: boolean;
  archived: boolean;
  owner: string;
  created_at: number;
  notes: string;
  people: ProjectPerson[];
  others: ProjectPerson[];
  script: PinnedScript | null;
  cast: CastView[];
  counts: Record<string, number>;
}

export interface ProjectPerson {
  id: string;
  name: string;
  owner: boolean;
  added: boolean;
}

export interface ProjectView {
  id: string;
  name: string;
  shared: boolean;
  mine: boolean;
  archived: boolean;
}

export interface PronunciationView {
  word: string;
  say: string;
}

export interface ReadSettings {
  kind: string;
  request: Json;
  unknown: string[];
}

export interface RecipeView {
  id: string;
  name: string;
  use: string;
  steps: Step[];
  mine: boolean;
}

export interface Refusal {
  id: string;
  what: string;
}

export interface RemovalView {
  freed_bytes: number;
  gone: boolean;
}

export interface RepositoryView {
  repo: string;
  name: string;
  use: string;
  runtime: string;
  license: License | null;
  gated: boolean;
  download_bytes: number;
  files: Json[];
}

export interface RunView {
  id: string;
  recipe: string;
  name: string;
  project_id: string | null;
  state: "going" | "looking" | "asking" | "failed" | "stopped" | "done";
  at: number;
  words: string;
  steps: StepView[];
  result: string | null;
  created_at: number;
  updated_at: number;
}

export interface ScheduledDeletion {
  asset: AssetView;
  goes_at: number;
}

export interface SearchAnswer {
  groups: SearchGroup[];
}

export interface SearchGroup {
  kind: "project" | "conversation" | "document" | "cast" | "recipe" | "lora" | "lut" | "image" | "clip" | "sound" | "subtitles";
  name: string;
  results: SearchResult[];
  more: boolean;
}

export interface SearchResult {
  kind: "project" | "conversation" | "document" | "cast" | "recipe" | "lora" | "lut" | "image" | "clip" | "sound" | "subtitles";
  id: string;
  title: string;
  note: string;
  badges: string[];
  picture: string | null;
}

export interface SetView {
  id: string;
  name: string;
  use: string;
  from_gb: number;
  models: string[];
  bytes: number;
  missing: string[];
  missing_bytes: number;
  recommended: boolean;
}

export interface SettingView {
  name: string;
  flag: string;
  variable: string;
  value: string;
  changed: boolean;
  meaning: string;
}

export interface Share {
  id: string;
  name: string;
  count: number;
  bytes: number;
}

export interface SignInView {
  id: string;
  user_id: string;
  owner: string;
  device: string;
  address: string;
  created_at: number;
  seen_at: number;
  here: boolean;
}

export interface Space {
  people: Share[];
  projects: Share[];
  bin: Share;
  total: number;
  thumbnails: number;
  folders: Record<string, number>;
  free: number;
  disk: number;
}

export interface Step {
  name: string;
  request: Json;
  instead: Json[];
  models: string[];
  stop: boolean;
}

export interface StepView {
  number: number;
  name: string;
  task: string;
  request: Json;
  models: string[];
  stop: boolean;
  looked: boolean;
  state: "open" | "working" | "done" | "failed" | "stale";
  job_id: string | null;
  assets: string[];
  asset_id: string | null;
  asks: string[];
  note: string;
  problem: Problem | null;
}

export interface StyleThumbnailsView {
  ready: string[];
  done: boolean;
}

export interface Sweep {
  days: number;
  count: number;
  due: number;
  bytes: number;
  going: ScheduledDeletion[];
}

export interface TaskPreset {
  frame: string;
  size: Record<string, string | number | null>;
  quality: "draft" | "good" | "best";
  model: string;
  seconds: number | null;
  id: string;
  name: string;
  use: string;
  example: string;
  sample: string | null;
  mine: boolean;
}

export interface TaskView {
  task: string;
  use: string;
  models: string[];
}

export interface UnclaimedView {
  count: number;
  bytes: number;
  running: boolean;
  done: number;
  unreadable: string[];
}

export interface Waveform {
  seconds: number;
  peaks: number[];
}

export interface WritingPreset {
  id: string;
  name: string;
  use: string;
  verb: string;
  ask: string;
  system: string;
  options: Options;
  fields: PresetField[];
  example: Record<string, string>;
  attach: boolean;
  mine: boolean;
}

/** The responses of the GET routes. */
export interface GetRoutes {
  "assets": AssetPage;
  "assets/{}": AssetView;
  "assets/{}/check": Json | null;
  "assets/{}/family": AssetFamily;
  "assets/{}/shape": Waveform;
  "cast": CastView[];
  "cast/design": DesignMethod[];
  "cast/{}": CastView;
  "conversations": ConversationPage;
  "conversations/{}": ConversationDetail;
  "drafts": Json;
  "jobs": Follow;
  "jobs/ended": JobView[];
  "jobs/{}": JobView;
  "language/models": LanguageModels;
  "library/facets": Facets;
  "library/index": AssetIndex;
  "library/space": Space;
  "library/sweep": Sweep;
  "loras": LoraListView;
  "loras/look": HubFiles;
  "me": Me;
  "models": ModelCard[];
  "models/look": RepositoryView;
  "models/sets": SetView[];
  "models/shelf": ModelsView;
  "models/{}": ModelCard;
  "presets": TaskPreset[];
  "projects": ProjectView[];
  "projects/{}": ProjectDetail;
  "projects/{}/script": PinnedScript;
  "pronunciations": PronunciationView[];
  "recipe-runs": RunView[];
  "recipe-runs/{}": RunView;
  "recipes": RecipeView[];
  "recipes/{}": RecipeView;
  "schema": TaskView[];
  "schema/{}": Json;
  "search": SearchAnswer;
  "studio/about": About;
  "studio/backup": BackupView;
  "studio/devices": SignInView[];
  "studio/failures": FailureView[];
  "studio/health": Health;
  "studio/people": PersonView[];
  "studio/phone": Phone;
  "studio/tokens": OwnedToken[];
  "studio/unclaimed": UnclaimedView;
  "writing/presets": WritingPreset[];
}

/** The responses of the POST routes. */
export interface PostRoutes {
  "assets": AssetView;
  "assets/many": Outcome;
  "assets/{}/check": JobView;
  "assets/{}/last-frame": AssetView;
  "assets/{}/reproduce": JobView;
  "assets/{}/restore": AssetView;
  "assets/{}/retake": JobView;
  "assets/{}/still": AssetView;
  "assets/{}/styles": StyleThumbnailsView;
  "cast": CastView;
  "cast/design": DesignStarted;
  "cast/{}/restore": CastView;
  "conversations": ConversationDetail | AskedQuestion;
  "conversations/estimate": Estimate;
  "conversations/{}/copy": ConversationDetail;
  "conversations/{}/estimate": Estimate;
  "conversations/{}/messages": AskedQuestion;
  "conversations/{}/restore": ConversationView;
  "estimate": Estimate;
  "jobs": JobView;
  "jobs/cancel-waiting": JobView[];
  "jobs/dismiss-failed": Dismissed;
  "jobs/{}/cancel": JobView;
  "jobs/{}/dismiss": JobView;
  "jobs/{}/move": JobView;
  "jobs/{}/pause": JobView;
  "jobs/{}/resume": JobView;
  "jobs/{}/retry": JobView;
  "language/models/unload": null;
  "library/sweep": Outcome;
  "loras/get": JobView;
  "loras/import": AssetView;
  "loras/scan": LoraScan;
  "messages/{}/regenerate": AskedQuestion;
  "models/add": ModelCard;
  "models/bring": ModelCard;
  "models/free": null;
  "models/scan": Json;
  "models/{}/get": JobView;
  "presets": TaskPreset;
  "projects": ProjectView;
  "projects/in-hand": null;
  "read": ReadSettings;
  "recipe-runs": RunView;
  "recipe-runs/{}/finish": RunView;
  "recipe-runs/{}/go-on": RunView;
  "recipe-runs/{}/steps/{}/again": RunView;
  "recipe-runs/{}/stop": RunView;
  "recipes": RecipeView;
  "studio/backup": BackupView;
  "studio/people": NewLink;
  "studio/people/{}": PersonView;
  "studio/people/{}/link": NewLink;
  "studio/people/{}/sign-out": null;
  "studio/unclaimed": UnclaimedView;
  "writing/presets": WritingPreset;
}

/** The responses of the PUT routes. */
export interface PutRoutes {
  "drafts": null;
  "hub-token": null;
  "pronunciations": PronunciationView;
  "recipe-runs/{}/steps/{}/result": RunView;
  "recipes/{}": RecipeView;
}

/** The responses of the PATCH routes. */
export interface PatchRoutes {
  "assets/{}": AssetView;
  "cast/{}": CastView;
  "conversations/{}": ConversationDetail;
  "projects/{}": ProjectDetail;
}

/** The responses of the DELETE routes. */
export interface DeleteRoutes {
  "assets/{}": null;
  "cast/{}": null;
  "conversations/{}": null;
  "language/models": null;
  "models/{}": RemovalView;
  "presets/{}": null;
  "pronunciations": null;
  "recipe-runs/{}": null;
  "recipes/{}": null;
  "studio/devices/{}": null;
  "studio/tokens/{}": null;
  "writing/presets/{}": null;
}
