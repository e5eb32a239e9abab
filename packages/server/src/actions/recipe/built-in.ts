/** The recipes that come with Cardea. They lie beside this file, and beside the bundle. */
export const BUILT_IN_RECIPES = new URL('./recipes/', import.meta.url)
