// WORKDIR: the configuration's, and the directory where it is missing: root's, as with Docker's classic builder.

import { formatPlatform } from '../../../oci/platform.ts';
import { textOf, workingDirectory } from '../metadata.ts';
import { makeDirectory } from '../rootfs.ts';
import type { FileStep, StepInput } from '../step.ts';
import { layerStep } from './layer-step.ts';

export async function workdirStep(input: StepInput): Promise<FileStep> {
  const { state, instruction, expand } = input;
  const WorkingDir = workingDirectory(state.config, expand(textOf(instruction)));
  const text = `WORKDIR ${WorkingDir}`;
  const { epoch } = input.solver.session;
  const done = await layerStep(input, {
    parts: {
      parent: state.chainId ?? 'scratch',
      instruction: text,
      platform: formatPlatform(state.platform),
      ...(epoch === undefined ? {} : { epoch: `${epoch}` }),
    },
    text,
    work: async ({ path }) => makeDirectory(path, WorkingDir),
  });
  return { ...done, state: { ...done.state, config: { ...done.state.config, WorkingDir } } };
}
