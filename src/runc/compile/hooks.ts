// `hooks` → hook operations; compile.ts puts each phase in its place. prestart and createRuntime run on the host, createContainer and
// startContainer in the container's namespaces. @source oci-runtime config#posix-platform-hooks
import type { HookPhase } from '../../oci/runtime.ts';
import type { Operation } from '../plan/operations.ts';
import { byInit, byRuntime, type CompileContext, type PlanCause } from './context.ts';

const inContainer: ReadonlySet<HookPhase> = new Set(['createContainer', 'startContainer']);

export function hookOperations(context: CompileContext, phase: HookPhase): Operation[] {
  return (context.config.hooks?.[phase] ?? []).map((hook, index) => {
    const cause: PlanCause = `/hooks/${phase}/${index}`;
    const values = {
      phase,
      path: hook.path,
      argv: hook.args === undefined || hook.args.length === 0 ? [hook.path] : hook.args,
      env: hook.env ?? [],
      timeoutSeconds: hook.timeout ?? 0,
    };
    return inContainer.has(phase) ? byInit('hook', cause, values) : byRuntime('hook', cause, values);
  });
}
