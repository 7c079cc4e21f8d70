// Bytes of a terminal as names of keys. What is no key that we know is left out; a paste comes as its characters.
// @source xterm control sequences: cursor keys, editing keys

const escapeByte = '\x1b';
const named: Readonly<Record<string, string>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  '[5~': 'pageup',
  '[6~': 'pagedown',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[4~': 'end',
  OH: 'home',
  OF: 'end',
};
const controls: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x03': 'ctrl-c',
  '\x04': 'ctrl-c',
  '\x0c': 'ctrl-l',
};

const sequence = /^(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/;

export function keysOf(bytes: string): string[] {
  const keys: string[] = [];
  for (let rest = bytes; rest !== ''; ) {
    if (rest.startsWith(escapeByte)) {
      const found = sequence.exec(rest.slice(1))?.[0];
      if (found === undefined) keys.push('escape');
      else if (named[found] !== undefined) keys.push(named[found]);
      rest = rest.slice(1 + (found?.length ?? 0));
      continue;
    }
    const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    const control = controls[character];
    if (control !== undefined) keys.push(control);
    else if (character >= ' ') keys.push(character);
    rest = rest.slice(character.length);
  }
  return keys;
}
