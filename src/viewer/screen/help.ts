// The keys of the viewer, in the words of its help.

/** What each key does: the help. */
export const helpOfKeys: readonly [keys: string, says: string][] = [
  ['+ -', 'level: 0 story, 1 messages, 2 operations, 3 system calls'],
  ['n p', 'next, previous event (arrows too)'],
  ['N P', 'next, previous beat of the story'],
  ['] [', 'next, previous event of another stage'],
  ['e', 'next error'],
  ['s', 'next change of mounts, cgroups, rules or layers'],
  [':', 'jump to an event by its number'],
  ['/', 'search; / and Enter for the next match'],
  ['&', 'filter, as of trace show --filter; empty takes it away'],
  ['f', 'follow a value of this event through the trace'],
  ['x', 'explain: why, without, by hand, source, entries'],
  ['m c r l t', 'state as of here: mounts, cgroups, rules and routes, layers, processes'],
  ['v', 'states as what changed since here; again: whole'],
  ["b B '", 'bookmark with a note; all of them; the next one'],
  ['y', 'copy the event, its command by hand, or how to show it'],
  ['F', 'give this filter a name: & takes it as @name'],
  ['?', 'predict the next beat'],
  ['d u', 'the pane down, up'],
  ['space', 'play at 1, 4, 16 times; stop'],
  ['Enter', 'below 80 columns: list or pane'],
  ['Esc', 'back'],
  ['q', 'quit'],
];
