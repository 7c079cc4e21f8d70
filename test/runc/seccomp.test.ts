// The compiled filter against the one that the real runc loaded for the same profile. Needs libseccomp2, no root.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkDocument, configSchema, parseRuntimeJson } from '../../src/oci/runtime.ts';
import type { SeccompProfile } from '../../src/oci/runtime-seccomp.ts';
import { seccompOperation } from '../../src/runc/compile/seccomp.ts';
import { checkProfile, flagBits } from '../../src/runc/seccomp/check.ts';
import { enosysStub } from '../../src/runc/seccomp/enosys.ts';
import { decodeProgram, evaluate, type Instruction } from '../../src/runc/seccomp/evaluate.ts';
import { compileFilter } from '../../src/runc/seccomp/libseccomp.ts';
import { parseListing } from './classic-bpf.ts';
import { contextWith } from './host.ts';

const fixtures = new URL('../fixtures/docker-20.10', import.meta.url).pathname;
const config = checkDocument(
  configSchema,
  parseRuntimeJson(readFileSync(`${fixtures}/oci-config.json`, 'utf8'), 'config.json'),
  'config.json',
);
const dockerProfile = config.linux?.seccomp as SeccompProfile;
const isX64 = process.arch === 'x64';

const X86_64 = 0xc000003e;
const I386 = 0x40000003;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const ALLOW = 0x7fff0000;

function programOf(profile: SeccompProfile): Instruction[] {
  const filter = checkProfile(profile);
  const { program, newestSyscalls } = compileFilter(filter);
  const stub = filter.answersEnosys ? enosysStub(newestSyscalls) : new Uint8Array();
  return decodeProgram(Buffer.concat([stub, program]));
}

const call = (number: number, ...args: (number | bigint)[]) => ({
  number,
  architecture: X86_64,
  arguments: args.map(BigInt),
});

test("answers every system call as the filter that the real runc loaded for Docker's profile", {
  skip: !isX64 && 'recorded on x86-64',
}, () => {
  const recorded = parseListing(readFileSync(`${fixtures}/seccomp-bpf.txt`, 'utf8'));
  const own = programOf(dockerProfile);
  assert.equal(recorded.length, 974);
  const firstArguments = [
    0n,
    8n,
    131072n,
    131080n,
    0xffffffffn,
    0x7e020000n,
    0x10000000n,
    0x20000n,
    0x1_0000_0000n,
    17n,
  ];
  let compared = 0;
  for (const architecture of [X86_64, I386, 0xc00000b7]) {
    for (const base of [0, 0x40000000]) {
      for (let number = base; number < base + 700; number++) {
        for (const first of firstArguments) {
          const data = { number, architecture, arguments: [first] };
          assert.equal(
            evaluate(own, data),
            evaluate(recorded, data),
            `system call ${number} of 0x${architecture.toString(16)}, argument ${first}`,
          );
          compared++;
        }
      }
    }
  }
  assert.equal(compared, 42000);
});

test('a system call newer than the profile fails with ENOSYS, a known one outside it with EPERM', {
  skip: !isX64,
}, () => {
  const program = programOf({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ names: ['read', 'close_range'], action: 'SCMP_ACT_ALLOW' }],
  });
  assert.equal(evaluate(program, call(0)), ALLOW);
  assert.equal(evaluate(program, call(1)), EPERM);
  assert.equal(evaluate(program, call(437)), ENOSYS);
});

test('a permissive default gets no ENOSYS', { skip: !isX64 }, () => {
  const program = programOf({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
  });
  assert.equal(evaluate(program, call(9999)), ALLOW);
  assert.equal(evaluate(program, call(83)), 0x0005000d);
});

test('compares arguments with each operator', { skip: !isX64 }, () => {
  const cases = [
    ['SCMP_CMP_NE', 5, 6, 5],
    ['SCMP_CMP_LT', 5, 4, 5],
    ['SCMP_CMP_LE', 5, 5, 6],
    ['SCMP_CMP_EQ', 5, 5, 6],
    ['SCMP_CMP_GE', 5, 5, 4],
    ['SCMP_CMP_GT', 5, 6, 5],
  ] as const;
  for (const [op, value, inside, outside] of cases) {
    const program = programOf({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value, op }] }],
    });
    assert.equal(evaluate(program, call(41, inside)), ALLOW, `${op} ${inside}`);
    assert.equal(evaluate(program, call(41, outside)), EPERM, `${op} ${outside}`);
  }
});

test('two conditions on one argument are two rules', { skip: !isX64 }, () => {
  const program = programOf({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      {
        names: ['socket'],
        action: 'SCMP_ACT_ALLOW',
        args: [1, 2].map((value) => ({ index: 0, value, op: 'SCMP_CMP_EQ' })),
      },
    ],
  });
  assert.deepEqual(
    [1, 2, 3].map((first) => evaluate(program, call(41, first))),
    [ALLOW, ALLOW, EPERM],
  );
});

test('names that libseccomp does not know are left out and reported', () => {
  const filter = checkProfile({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: ['read', 'frobnicate'], action: 'SCMP_ACT_ALLOW' }],
  });
  assert.deepEqual(compileFilter(filter).unknownSyscalls, ['frobnicate']);
});

const notifying = [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }];

test('compares masked bits, and a whole argument with two values', { skip: !isX64 }, () => {
  const program = programOf({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ],
  });
  assert.equal(evaluate(program, call(56, 0x11)), ALLOW);
  assert.equal(evaluate(program, call(56, 0x10000011)), EPERM);
  const wide = programOf({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 2, value: 0x1_0000_0001n, op: 'SCMP_CMP_EQ' }] },
    ],
  });
  assert.equal(evaluate(wide, call(0, 0, 0, 0x1_0000_0001n)), ALLOW);
  assert.equal(evaluate(wide, call(0, 0, 0, 1)), EPERM, 'the upper half counts');
});

test('a rule that asks an agent makes a listener; its flags come with it', () => {
  const profile = { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/run/x', syscalls: notifying };
  assert.equal(flagBits(profile), 0x18);
  const flags = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'];
  assert.equal(flagBits({ ...profile, flags }), 0x39);
  if (isX64) assert.equal(evaluate(programOf(profile), call(83)), 0x7fc00000);
});

test('the runtime connects to the agent before the child installs the filter', () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    listenerPath: '/run/x',
    listenerMetadata: 'm',
    syscalls: notifying,
  };
  const operations = seccompOperation(contextWith({ linux: { seccomp: profile } }));
  assert.deepEqual(
    operations.map(({ actor, name }) => `${actor} ${name}`),
    ['runtime seccomp_listener', 'init seccomp'],
  );
  assert.deepEqual(operations[0]?.arguments, { path: '/run/x', metadata: 'm' });
  const context = contextWith({ linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/run/x' } } });
  assert.equal(seccompOperation(context).length, 1);
  assert.match(context.warnings.join(), /the agent at linux.seccomp.listenerPath is not asked/);
});

test('refuses what it does not know or cannot do, by pointer and name', () => {
  const refused: [SeccompProfile, RegExp][] = [
    [
      { defaultAction: 'SCMP_ACT_MAYBE' },
      /\/linux\/seccomp\/defaultAction: "SCMP_ACT_MAYBE": expected one of SCMP_ACT_KILL/,
    ],
    [{ defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_VAX'] }, /\/architectures\/0: "SCMP_ARCH_VAX"/],
    [
      { defaultAction: 'SCMP_ACT_NOTIFY', listenerPath: '/run/x' },
      /defaultAction: .* expected an action that needs no/,
    ],
    [{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: notifying }, /listenerPath: expected the agent's socket/],
    [
      { defaultAction: 'SCMP_ACT_ALLOW', listenerMetadata: 'x' },
      /listenerMetadata: expected none without listenerPath/,
    ],
    [
      { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['read'], action: 'SCMP_ACT_KILL', errnoRet: 1 }] },
      /takes no errnoRet/,
    ],
    [
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }],
      },
      /args\/0\/index: 6: expected 0 to 5/,
    ],
  ];
  for (const [profile, message] of refused) assert.throws(() => checkProfile(profile), message);
  assert.throws(
    () => flagBits({ defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_NEW_LISTENER'] }),
    /flags\/0/,
  );
  assert.throws(
    () => flagBits({ defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] }),
    /flags\/0: .*expected a rule that says SCMP_ACT_NOTIFY/,
  );
});
