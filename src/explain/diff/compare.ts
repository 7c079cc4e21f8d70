// Two traces side by side: their effects are paired by kind and subject; what is left over stands in one of them only.
// Order and number of equal effects mean nothing: parallel work comes in any order, and a bridge port set up twice is set up.
import { type Effect, type EffectKind, effectKinds } from '../effects/kinds.ts';

export interface Change {
  kind: EffectKind;
  subject: string;
  /** At least one side is there. */
  a?: Effect;
  b?: Effect;
}

export interface Comparison {
  changes: Change[];
  /** Effects that both have, equal in value. */
  alike: number;
}

const keyOf = (effect: Effect): string => `${effect.kind}\0${effect.subject}`;

function byKey(effects: readonly Effect[]): Map<string, Effect[]> {
  const found = new Map<string, Effect[]>();
  for (const effect of effects) {
    const known = found.get(keyOf(effect));
    if (known === undefined) found.set(keyOf(effect), [effect]);
    else if (!known.some((one) => one.value === effect.value)) known.push(effect);
  }
  return found;
}

export function compare(a: readonly Effect[], b: readonly Effect[]): Comparison {
  const [inA, inB] = [byKey(a), byKey(b)];
  const changes: Change[] = [];
  let alike = 0;
  for (const key of new Set([...inA.keys(), ...inB.keys()])) {
    const [left, right] = [inA.get(key) ?? [], inB.get(key) ?? []];
    const onlyLeft = left.filter((one) => !right.some((other) => other.value === one.value));
    const onlyRight = right.filter((one) => !left.some((other) => other.value === one.value));
    alike += left.length - onlyLeft.length;
    for (let i = 0; i < Math.max(onlyLeft.length, onlyRight.length); i++) {
      changes.push(...changeOf(onlyLeft[i], onlyRight[i]));
    }
  }
  const order = Object.keys(effectKinds);
  return { changes: changes.sort((x, y) => order.indexOf(x.kind) - order.indexOf(y.kind)), alike };
}

function changeOf(a: Effect | undefined, b: Effect | undefined): Change[] {
  const one = a ?? b;
  if (one === undefined) return [];
  return [{ kind: one.kind, subject: one.subject, ...(a && { a }), ...(b && { b }) }];
}
