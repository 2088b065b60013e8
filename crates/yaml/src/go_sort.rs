//! Go's `sort.Sort`: equal elements may change places, but the same ones for the same list, and
//! error texts show which came first. So the steps here are those of Go's pattern-defeating
//! quicksort, exchange by exchange. Like it, and unlike the sorts of the standard library, it puts
//! up with an order that contradicts itself.

/// Lists of up to this length are sorted by insertion, which keeps equal elements in order.
const SHORT: usize = 12;
/// From this length on, a pivot is the median of medians.
const LONG: usize = 50;
/// Out-of-order pairs that are put right before a list no longer counts as nearly sorted.
const MAX_REPAIRS: usize = 5;
/// Exchanges among the candidates of a long list's pivot when it runs backwards.
const ALL_EXCHANGED: usize = 12;

/// Sorts by `less`, as Go's `sort.Sort` does; `less` need not be an order.
pub fn go_sort<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let end = items.len();
    // The bits of the length: so many bad pivots are put up with.
    let patience = usize::BITS - end.leading_zeros();
    Sorter { items, less }.sort(0, end, patience);
}

struct Sorter<'s, T, F> {
    items: &'s mut [T],
    less: F,
}

/// What the choice of a pivot says about the order of a range.
#[derive(PartialEq)]
enum Order {
    Rising,
    Falling,
    Unknown,
}

impl<T, F: Fn(&T, &T) -> bool> Sorter<'_, T, F> {
    fn less(&self, a: usize, b: usize) -> bool {
        (self.less)(&self.items[a], &self.items[b])
    }

    fn sort(&mut self, mut start: usize, mut end: usize, mut patience: u32) {
        let (mut balanced, mut untouched) = (true, true);
        loop {
            let length = end - start;
            if length <= SHORT {
                return self.insert(start, end);
            }
            if patience == 0 {
                return self.heap(start, end);
            }
            if !balanced {
                self.shuffle(start, end);
                patience -= 1;
            }
            let (mut pivot, mut order) = self.pivot(start, end);
            if order == Order::Falling {
                self.items[start..end].reverse();
                pivot = start + (end - 1 - pivot);
                order = Order::Rising;
            }
            if balanced && untouched && order == Order::Rising && self.repair(start, end) {
                return;
            }
            if start > 0 && !self.less(start - 1, pivot) {
                // The pivot equals what stands before the range, so that all that equals it is in
                // place.
                start = self.skip_equal(start, end, pivot);
                continue;
            }
            let (middle, was_parted) = self.part(start, end, pivot);
            untouched = was_parted;
            let (left, right) = (middle - start, end - middle);
            balanced = left.min(right) >= length / 8;
            if left < right {
                self.sort(start, middle, patience);
                start = middle + 1;
            } else {
                self.sort(middle + 1, end, patience);
                end = middle;
            }
        }
    }

    fn insert(&mut self, start: usize, end: usize) {
        for next in start + 1..end {
            self.sink(next, start);
        }
    }

    /// Moves an element down to its place above `floor`.
    fn sink(&mut self, mut at: usize, floor: usize) {
        while at > floor && self.less(at, at - 1) {
            self.items.swap(at, at - 1);
            at -= 1;
        }
    }

    /// Sorts a range that is nearly sorted; says whether it was.
    fn repair(&mut self, start: usize, end: usize) -> bool {
        let mut at = start + 1;
        for _ in 0..MAX_REPAIRS {
            while at < end && !self.less(at, at - 1) {
                at += 1;
            }
            if at == end {
                return true;
            }
            if end - start < LONG {
                return false;
            }
            self.items.swap(at, at - 1);
            if at - start >= 2 {
                // Not stopped by the start of the range, below which nothing is greater.
                self.sink(at - 1, 0);
            }
            let mut next = at + 1;
            while end - at >= 2 && next < end && self.less(next, next - 1) {
                self.items.swap(next, next - 1);
                next += 1;
            }
        }
        false
    }

    /// Puts what is less than the pivot before it; says where it is then, and whether nothing else
    /// had to move.
    fn part(&mut self, start: usize, end: usize, pivot: usize) -> (usize, bool) {
        self.items.swap(start, pivot);
        let (mut low, mut high) = (start + 1, end - 1);
        let mut untouched = true;
        loop {
            while low <= high && self.less(low, start) {
                low += 1;
            }
            while low <= high && !self.less(high, start) {
                high -= 1;
            }
            if low > high {
                self.items.swap(high, start);
                return (high, untouched);
            }
            untouched = false;
            self.items.swap(low, high);
            low += 1;
            high -= 1;
        }
    }

    /// Puts what equals the pivot, which nothing is less than, to the front; says where the rest
    /// starts.
    fn skip_equal(&mut self, start: usize, end: usize, pivot: usize) -> usize {
        self.items.swap(start, pivot);
        let (mut low, mut high) = (start + 1, end - 1);
        loop {
            while low <= high && !self.less(start, low) {
                low += 1;
            }
            while low <= high && self.less(start, high) {
                high -= 1;
            }
            if low > high {
                return low;
            }
            self.items.swap(low, high);
            low += 1;
            high -= 1;
        }
    }

    fn pivot(&self, start: usize, end: usize) -> (usize, Order) {
        let quarter = (end - start) / 4;
        let mut candidates = [1, 2, 3].map(|n| start + quarter * n);
        let mut exchanges = 0;
        if end - start >= LONG {
            candidates = candidates.map(|at| self.median([at - 1, at, at + 1], &mut exchanges));
        }
        let pivot = self.median(candidates, &mut exchanges);
        let order = match exchanges {
            0 => Order::Rising,
            ALL_EXCHANGED => Order::Falling,
            _ => Order::Unknown,
        };
        (pivot, order)
    }

    fn median(&self, [mut a, mut b, mut c]: [usize; 3], exchanges: &mut usize) -> usize {
        let mut order = |low: &mut usize, high: &mut usize| {
            if self.less(*high, *low) {
                *exchanges += 1;
                std::mem::swap(low, high);
            }
        };
        order(&mut a, &mut b);
        order(&mut b, &mut c);
        order(&mut a, &mut b);
        b
    }

    /// Exchanges three elements in the middle with others, at random by a fixed rule.
    fn shuffle(&mut self, start: usize, end: usize) {
        let length = end - start;
        let mut random = length as u64;
        let mask = (1_u64 << (usize::BITS - length.leading_zeros())) - 1;
        let middle = start + length / 4 * 2;
        for at in middle - 1..=middle + 1 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let other = usize::try_from(random & mask).unwrap_or(0);
            let other = if other < length {
                other
            } else {
                other - length
            };
            self.items.swap(at, start + other);
        }
    }

    fn heap(&mut self, start: usize, end: usize) {
        let length = end - start;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift(start, root, length);
        }
        for last in (0..length).rev() {
            self.items.swap(start, start + last);
            self.sift(start, 0, last);
        }
    }

    fn sift(&mut self, start: usize, mut root: usize, length: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= length {
                return;
            }
            if child + 1 < length && self.less(start + child, start + child + 1) {
                child += 1;
            }
            if !self.less(start + root, start + child) {
                return;
            }
            self.items.swap(start + root, start + child);
            root = child;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn equal_elements_end_where_go_puts_them() {
        // Lists, and the positions that Go's `sort.Sort` takes their elements from.
        let recorded: [(&[u8], &[usize]); 3] = [
            (
                &[
                    4, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1,
                    1, 0, 0, 0, 0, 0, 0, 0, 0,
                ],
                &[
                    27, 34, 33, 32, 31, 30, 29, 28, 26, 25, 18, 24, 23, 22, 21, 20, 19, 16, 9, 17,
                    15, 14, 13, 12, 11, 10, 8, 7, 6, 5, 4, 3, 2, 1, 0,
                ],
            ),
            (
                &[
                    0, 8, 11, 0, 7, 8, 9, 10, 0, 10, 11, 6, 1, 8, 5, 1, 4, 13, 10, 0, 13, 15, 12,
                    4, 12, 11, 1, 15, 1, 9, 9, 7, 11, 15, 15, 3, 2, 2, 10, 1, 8, 5, 0, 1, 8, 7, 7,
                    6, 1, 15, 4, 2, 5, 0, 2, 14, 12,
                ],
                &[
                    8, 19, 53, 3, 0, 42, 15, 43, 48, 26, 39, 28, 12, 36, 51, 37, 54, 35, 23, 16,
                    50, 14, 52, 41, 47, 11, 46, 45, 31, 4, 5, 13, 44, 40, 1, 30, 6, 29, 9, 38, 18,
                    7, 32, 10, 2, 25, 24, 22, 56, 20, 17, 55, 27, 34, 49, 33, 21,
                ],
            ),
            (
                &[
                    0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 0, 7, 14, 21, 28, 35, 42, 49,
                    56, 63, 70, 77, 84, 0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 0, 7, 14,
                    21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 0, 7, 14, 21, 28, 35, 42, 49, 56, 63,
                    70, 77, 84,
                ],
                &[
                    26, 13, 52, 39, 0, 14, 27, 40, 1, 53, 28, 15, 2, 54, 41, 16, 29, 3, 42, 55, 4,
                    43, 56, 30, 17, 57, 31, 5, 44, 18, 32, 45, 58, 6, 19, 59, 33, 7, 20, 46, 47,
                    21, 34, 8, 60, 61, 22, 9, 35, 48, 49, 23, 62, 36, 10, 63, 50, 37, 24, 11, 25,
                    12, 38, 51, 64,
                ],
            ),
        ];
        for (list, wanted) in recorded {
            let mut items: Vec<(u8, usize)> = list.iter().copied().zip(0..).collect();
            super::go_sort(&mut items, |a, b| a.0 < b.0);
            let given: Vec<usize> = items.iter().map(|item| item.1).collect();
            assert_eq!(given, wanted, "{list:?}");
        }
    }
}
