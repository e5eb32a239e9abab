import { expect, test } from 'vitest'
import { numberedLinks } from './paging.ts'

test.each([
  [{ page: 2, size: 50 }, 120, ['page=0&per_page=50>; rel="first"', 'page=1&per_page=50>; rel="prev"']],
  [{ page: 0, size: 50 }, 120, ['page=1&per_page=50>; rel="next"', 'page=2&per_page=50>; rel="last"']],
  [
    { page: 3, size: 50 },
    300,
    [
      'page=0&per_page=50>; rel="first"',
      'page=4&per_page=50>; rel="next"',
      'page=2&per_page=50>; rel="prev"',
      'page=5&per_page=50>; rel="last"',
    ],
  ],
  [{ page: 0, size: 50 }, 5, ['page=0&per_page=5>; rel="first"']],
  [{ page: 0, size: 50 }, 50, ['page=0&per_page=50>; rel="first"']],
])('%o of %i leads to the pages around it', (page, total, links) => {
  expect(numberedLinks('/list', page, total)).toBe(links.map((link) => `</list?${link}`).join(','))
})
