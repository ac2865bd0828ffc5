//! An allocator that bills memory to the instance whose code is running.
//!
//! ```ignore
//! #[global_allocator]
//! static ALLOCATOR: BillingAllocator = BillingAllocator;
//! ```
//!
//! The account to which a block is billed is stored in front of the block, so that the block is
//! subtracted from this account, whichever code frees it. Memory that is passed on, such as an
//! event, stays on the account of the instance that allocated it. Memory that no plugin's code
//! allocates is on no account.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

use plugin_core::{Account, account_at_work};

/// The data in front of a block: the account to which it is billed, if there is one.
type Owner = Option<&'static Account>;

/// The system's allocator, with accounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct BillingAllocator;

/// The place of a block within the memory from the system's allocator: `offset` bytes after its
/// beginning, which keeps the block's alignment and leaves room for the owner directly in front of
/// it.
struct Placed {
    whole: Layout,
    offset: usize,
}

impl Placed {
    /// `None` if it would be larger than memory can be.
    fn of(block: Layout) -> Option<Self> {
        let align = block.align().max(align_of::<Owner>());
        let offset = align.max(size_of::<Owner>());
        let size = block.size().checked_add(offset)?;
        let whole = Layout::from_size_align(size, align).ok()?;
        Some(Self { whole, offset })
    }
}

#[expect(unsafe_code, reason = "an allocator hands out memory")]
// SAFETY: blocks are parts of the memory from the system's allocator, which no other block has.
// They are aligned, because the whole is aligned and the offset is a multiple of the alignment.
// Nothing here panics or allocates: the instance whose code is running is read from the stack.
unsafe impl GlobalAlloc for BillingAllocator {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(placed) = Placed::of(layout) else {
            return ptr::null_mut();
        };
        // SAFETY: the size of the whole is at least the size of an owner.
        bill(unsafe { System.alloc(placed.whole) }, &placed)
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(placed) = Placed::of(layout) else {
            return ptr::null_mut();
        };
        // SAFETY: as in `alloc`.
        bill(unsafe { System.alloc_zeroed(placed.whole) }, &placed)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(placed) = Placed::of(layout) else {
            return;
        };
        // SAFETY: the caller ensures that the block is from this allocator and has this layout.
        unsafe {
            if let Some(owner) = owner(block).read() {
                owner.freed(placed.whole.size());
            }
            System.dealloc(block.sub(placed.offset), placed.whole);
        }
    }

    /// The block stays on its account, whichever code lets it grow.
    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let new = Layout::from_size_align(new_size, layout.align());
        let (Some(old), Some(new)) = (Placed::of(layout), new.ok().and_then(Placed::of)) else {
            return ptr::null_mut();
        };
        // SAFETY: as in `dealloc`. The owner moves with the block, because both layouts have the
        // same alignment and therefore the same offset.
        unsafe {
            let owner = owner(block).read();
            let moved = System.realloc(block.sub(old.offset), old.whole, new.whole.size());
            if moved.is_null() {
                return moved;
            }
            if let Some(owner) = owner {
                owner.allocated(new.whole.size());
                owner.freed(old.whole.size());
            }
            moved.add(new.offset)
        }
    }
}

/// Bills the whole to the instance whose code is running; returns the block in it.
#[inline]
#[expect(unsafe_code, reason = "the owner is written in front of the block")]
fn bill(whole: *mut u8, placed: &Placed) -> *mut u8 {
    if whole.is_null() {
        return whole;
    }
    let at_work = account_at_work();
    if let Some(account) = at_work {
        account.allocated(placed.whole.size());
    }
    // SAFETY: the whole is larger than its offset, and there is room for an owner before the block.
    unsafe {
        let block = whole.add(placed.offset);
        owner(block).write(at_work);
        block
    }
}

/// The place of a block's owner. It is aligned, because the block has at least the same alignment.
#[inline]
#[expect(unsafe_code, reason = "the owner stands in front of the block")]
unsafe fn owner(block: *mut u8) -> *mut Owner {
    // SAFETY: there are at least this many bytes in front of a block of this allocator.
    unsafe { block.sub(size_of::<Owner>()).cast() }
}
