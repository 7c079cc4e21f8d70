// The linter's rules. Names that BuildKit's build checks have are theirs (docker build --check), so that one knows what the other
// means; the rest are ours. @source docker build checks; docker building best practices
import type { Rule } from './rule.ts';
import { imageRules } from './rules-image.ts';
import { stageRules } from './rules-stage.ts';
import { textRules } from './rules-text.ts';

export const rules: Readonly<Record<string, Rule>> = { ...textRules, ...stageRules, ...imageRules };
