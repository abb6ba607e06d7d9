/** What linking needs to know of a source; made by the engine from the stored Source. */
import { LAYERS, type Layer } from '../model/taxonomy.ts';

export interface LinkSource {
  id: number;
  path: string;
  /** Directory of the file: logs that lie together usually belong to one server. */
  directory: string;
  dataset: string;
  layer: Layer;
  /** Position from the client inward: the layer's index, moved by fractions where topology was learned. */
  order: number;
}

export const orderOf = (layer: Layer): number => LAYERS.indexOf(layer);

/** "nginx" of "nginx.error": logs of one product belong together. */
export const productOf = (dataset: string): string => {
  const dot = dataset.indexOf('.');
  return dot < 0 ? dataset : dataset.slice(0, dot);
};
