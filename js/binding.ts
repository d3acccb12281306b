/** The only module that imports the native addon. */
export { version } from '../native/binding.cjs';
