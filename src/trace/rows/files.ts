// Event types of the daemon's verbs on files and images: cp, diff, export, commit, import, save, load.
import * as v from 'valibot';
import { row } from '../row.ts';

const id = v.string();

export const fileRows = {
  'daemon.files-copied': row({
    level: 1,
    data: v.object({ id, path: v.string(), direction: v.picklist(['in', 'out']) }),
    says: (d) => `${d.path} is copied ${d.direction === 'out' ? 'out of' : 'into'} container ${d.id.slice(0, 12)}`,
    source: 'docker-api GET, PUT /containers/{id}/archive',
  }),
  'daemon.changes-listed': row({
    level: 1,
    data: v.object({ id, directory: v.string(), changes: v.number() }),
    says: (d) => `container ${d.id.slice(0, 12)} has ${d.changes} changes, all in ${d.directory}`,
    source: 'docker-api GET /containers/{id}/changes',
  }),
  'daemon.container-exported': row({
    level: 1,
    data: v.object({ id, directory: v.string() }),
    says: (d) => `the files of container ${d.id.slice(0, 12)} are sent as one archive`,
    source: 'docker-api GET /containers/{id}/export',
  }),
  'daemon.container-committed': row({
    level: 1,
    data: v.object({ id, image: v.string(), layer: v.string(), sizeBytes: v.number() }),
    says: (d) =>
      `container ${d.id.slice(0, 12)} becomes image ${d.image}: its own files are layer ${d.layer} of ${d.sizeBytes} bytes`,
    source: 'docker-api POST /commit',
  }),
  'daemon.image-imported': row({
    level: 1,
    data: v.object({ image: v.string(), layer: v.string(), sizeBytes: v.number() }),
    says: (d) => `an archive becomes image ${d.image} of one layer, ${d.layer}`,
    source: 'docker-api POST /images/create fromSrc',
  }),
  'daemon.images-saved': row({
    level: 1,
    data: v.object({ images: v.array(v.string()), blobs: v.number(), sizeBytes: v.number() }),
    says: (d) => `${d.images.join(', ')}: ${d.blobs} blobs of ${d.sizeBytes} bytes are sent as one archive`,
    source: 'docker-api GET /images/get',
  }),
  'daemon.images-loaded': row({
    level: 1,
    data: v.object({ images: v.array(v.string()), folder: v.string() }),
    says: (d) => `the archive's images are stored: ${d.images.join(', ') || 'one without a name'}`,
    source: 'docker-api POST /images/load',
  }),
} as const;
