// The lesson that `tlab lesson new` makes: one step with every kind of block. `TODO` marks what is to be written; the linter names each.

export const unwritten = 'TODO';

const interviewOf = (id: string): string => `- id: ${id}
  asks: TODO
  points:
    - {says: TODO, check: runs}
    - {says: TODO}`;

export const template = ({ id, covers }: { id: string; covers: readonly string[] }): string => `---
format: 1
id: ${id}
title: TODO
covers: [${covers.join(', ')}]
level: 2
minutes: 15
requires: [linux, root, engine]
images: [busybox]
vars:
  tag: {token: 4}
teardown: tlab rm --force box-{{tag}}
---
# TODO

What this lesson is about, in two or three sentences. TODO

## TODO {#first}

What to do, and why. TODO

\`\`\`sh do
tlab run --detach --name box-{{tag}} busybox sleep 300
\`\`\`

\`\`\`yaml check
- id: runs
  says: the container box-{{tag}} runs
  container: box-{{tag}}
  want: {State.Running: true}
\`\`\`

\`\`\`yaml hints
where: TODO
concept: TODO
blanks: TODO
\`\`\`

\`\`\`yaml wrong
- check: runs
  do: tlab create --name box-{{tag}} busybox sleep 300
  when: {id: created, says: it is created, container: "box-{{tag}}", want: {State.Status: created}}
  means: create is taken for run
  reply: TODO
- check: runs
  do: tlab run --detach --name box-{{tag}} busybox true
  when: {id: ended, says: it has ended, container: "box-{{tag}}", want: {State.Status: exited}}
  means: any program is thought to keep a container alive
  reply: TODO
\`\`\`
${
  covers.length === 0
    ? ''
    : `
\`\`\`yaml interview
${covers.map(interviewOf).join('\n')}
\`\`\`
`
}
### Why

What happened, and the source of it. TODO
`;
