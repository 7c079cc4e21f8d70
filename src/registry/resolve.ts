// Where an image comes from: mirrors, the registry itself, then the offline library. The library stands in only when no
// registry could be asked or had time for us, never when one said no.
import { asLabError, LabError } from '../base/errors.ts';
import { familiarReference, familiarRepository, type Reference, repositoryOf } from '../oci/reference.ts';
import type { ImageSource, ResolvedDocument } from './source.ts';

export interface Resolution {
  source: ImageSource;
  resolved: ResolvedDocument;
  notice: string | undefined;
}

/** A mirror or an endpoint that cannot be reached lets the next one try; what the registry itself says stands. */
export async function resolveAnywhere(reference: Reference, sources: readonly ImageSource[]): Promise<Resolution> {
  let refusal: LabError | undefined;
  for (const source of sources) {
    try {
      const resolved = await source.resolve(reference);
      return { source, resolved, notice: noticeOf(source, reference, refusal) };
    } catch (thrown) {
      const error = asLabError(thrown);
      if (error.kind === 'cancelled') throw error;
      if (source.kind === 'library') throw notAnywhere(reference, refusal, error);
      if (!source.isMirror && !isAbsence(error)) throw error;
      refusal = error;
    }
  }
  throw refusal ?? new LabError('notFound', `${familiarReference(reference)}: there is no place to pull it from`);
}

/** The registry could not be asked or has no time for us: that says nothing about the image. */
const isAbsence = (error: LabError): boolean => error.kind === 'unavailable' || error.kind === 'resourceExhausted';

function noticeOf(source: ImageSource, reference: Reference, refusal: LabError | undefined): string | undefined {
  if (source.kind !== 'library' || refusal === undefined) return undefined;
  return `${refusal.message}: using the offline library's ${familiarReference(reference)}`;
}

function notAnywhere(reference: Reference, refusal: LabError | undefined, library: LabError): LabError {
  if (library.kind !== 'notFound') return library;
  const name = familiarReference(reference);
  const message = refusal === undefined ? library.message : `${refusal.message}, and ${library.message}`;
  const isOfficial = repositoryOf(reference).startsWith('docker.io/library/');
  return new LabError('notFound', `image ${name}: ${message}`, {
    cause: refusal ?? library,
    hint: isOfficial
      ? `check the name and the network, or tlab library build ${familiarRepository(reference)} where there is a recipe`
      : 'check the name and the network',
  });
}
