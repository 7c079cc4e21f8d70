// images.v1
import { paths } from '../../base/paths.ts';
import { emit } from '../../trace/recorder.ts';
import type { ServiceImplementation } from '../grpc/server.ts';
import { parseFilters } from '../metadata/filter.ts';
import { type ImageInfo, imageFields } from '../metadata/images.ts';
import {
  type Image,
  ImageCreateSchema,
  ImageDeleteSchema,
  type Images,
  ImageUpdateSchema,
} from '../proto/gen/images_pb.ts';
import type { Stage } from '../stage.ts';
import { descriptorOf, required, targetOf, timestamp } from './wire.ts';

const imageMessage = (image: ImageInfo) => ({
  name: image.name,
  labels: image.labels,
  target: descriptorOf(image.target),
  createdAt: timestamp(image.createdMs),
  updatedAt: timestamp(image.updatedMs),
});

const given = (image: Image | undefined) => {
  const { name, labels, target } = required('image', image);
  return { name, labels, target: targetOf(target) };
};

export function imagesService(stage: Stage): ServiceImplementation<typeof Images> {
  const { images, namespaces, exchange } = stage;
  return {
    get: ({ name }, { namespace }) => ({ image: imageMessage(images.get(namespace, name)) }),
    list({ filters }, { namespace }) {
      const filter = parseFilters(filters);
      return {
        images: images
          .list(namespace)
          .filter((image) => filter(imageFields(image)))
          .map(imageMessage),
      };
    },
    create(request, call) {
      const namespace = namespaces.ensure(call.namespace);
      const image = images.create(namespace, given(request.image));
      const { name, labels } = image;
      exchange.publish({ namespace, topic: '/images/create', schema: ImageCreateSchema, message: { name, labels } });
      emit('containerd.image-created', { data: { namespace, name, digest: image.target.digest } });
      return { image: imageMessage(image) };
    },
    update({ image, updateMask }, { namespace }) {
      const changed = images.update(namespace, given(image), updateMask?.paths);
      const { name, labels } = changed;
      exchange.publish({ namespace, topic: '/images/update', schema: ImageUpdateSchema, message: { name, labels } });
      return { image: imageMessage(changed) };
    },
    async delete({ name, sync }, { namespace }) {
      images.delete(namespace, name);
      exchange.publish({ namespace, topic: '/images/delete', schema: ImageDeleteSchema, message: { name } });
      emit('containerd.image-deleted', {
        data: { namespace, name },
        twin: `ctr -a ${paths.containerdSocket} -n ${namespace} images rm ${name}`,
      });
      if (sync) await stage.collectGarbage();
      return {};
    },
  };
}
