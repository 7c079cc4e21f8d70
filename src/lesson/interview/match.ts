// Which key points an answer holds, by their words. It only proposes: the person confirms, since a point can be said in words of one's own.

/** Words that say nothing about a point. */
const common = new Set(
  'a an and are as at be been but by can do does each for from has have in into is it its not of on once one only or own so than that the their them then there these they this to until was what when where which while who will with'.split(
    ' ',
  ),
);

/** Words in a plain form: small letters, without the endings that change with the sentence. */
export function stems(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z0-9][a-z0-9._/-]*/g) ?? [];
  return words.filter((word) => !common.has(word)).map(stem);
}

const stem = (word: string): string => {
  const bare = word.replace(/[._/-]+$/, '');
  return bare.length > 4 ? bare.replace(/(ing|ed|es|s|e)$/, '') : bare.replace(/s$/, '');
};

/** Half of a point's words are enough. */
const enough = 0.5;

export function isSaid(point: string, answer: string): boolean {
  const wanted = [...new Set(stems(point))];
  const given = new Set(stems(answer));
  const found = wanted.filter((word) => given.has(word)).length;
  return wanted.length > 0 && found / wanted.length >= enough;
}
