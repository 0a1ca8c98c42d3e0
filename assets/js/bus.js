// Who tells whom: parts of the page say what happened and hear what others say, without knowing each other.
//
//   jobs      the queue changed                       {jobs, changed}
//   finished  one of my jobs ended                    job
//   device    the device meter moved                  device
//   online    the studio answers, or stopped to       boolean
//   tab       another tab is in front                 name
//   show      put this on the stage of its medium     {asset} or {job}
//   use       take this as input                      {asset, task?}
//   reuse     fill the form as for this               {asset}
//   fill      put these values into a form            {task, values}
//   asked     what a form holds, and what its model makes of it  {task, values, about}
//   pronounce write down how a word is said           word
//   read      choose a picture and fill the form as it was made
//   changed   an asset came, went or came back        {asset, gone}
//   cast      somebody came into the cast, left it or is another now
//   project   another project is in hand              id or null

const listeners = new Map();

export const on = (name, listener) => {
  if (!listeners.has(name)) listeners.set(name, []);
  listeners.get(name).push(listener);
};

export const say = (name, detail) => {
  for (const listener of listeners.get(name) ?? []) {
    try { listener(detail); } catch (error) { console.error(`${name}:`, error); }
  }
};
