//! What becomes of another config in the model: all of it is taken over, or nothing.

use plugin_core::lifecycle::State;

use super::model::{Expected, Life, Model};
use super::node::{NAMES, NEEDS, TAKES_OVER};
use super::section::{Fault, Section};

/// Which plugins are taken over, and how they are turned on or off.
struct Wish {
    only: Option<Vec<usize>>,
    switches: [Option<bool>; 4],
    noted: [Option<bool>; 4],
}

/// What a step does to a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Unload,
    Load,
    Reload,
    Restart,
    Update,
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Self::Unload => "unload",
            Self::Load => "load",
            Self::Reload => "reload",
            Self::Restart => "restart",
            Self::Update => "update",
        }
    }
}

impl Model {
    pub(super) fn reload(&mut self, only: Option<usize>) -> Expected {
        let wish = self.wish_of(only)?;
        self.take_over(&wish)
    }

    pub(super) fn plan(&self, only: Option<usize>) -> Expected {
        let new = self.prepare(&self.wish_of(only)?)?;
        Ok(told(&self.steps(&new)?))
    }

    /// Until the next start. One that is there is left alone.
    pub(super) fn load(&mut self, at: usize) -> Expected {
        let mut wish = self.wish(self.absent(at)?);
        wish.switches[at] = Some(true);
        self.take_over(&wish)
    }

    pub(super) fn unload(&mut self, at: usize, cascade: bool) -> Expected {
        let gone = self.gone(at, cascade)?;
        let mut wish = self.wish(Some(gone.clone()));
        gone.iter().for_each(|&at| wish.switches[at] = Some(false));
        self.take_over(&wish)
    }

    /// For good, which goes over what was said until the next start.
    pub(super) fn enable(&mut self, at: usize) -> Expected {
        let mut wish = self.wish(self.absent(at)?);
        (wish.switches[at], wish.noted[at]) = (None, Some(true));
        self.take_over(&wish)
    }

    pub(super) fn disable(&mut self, at: usize, cascade: bool) -> Expected {
        let gone = self.gone(at, cascade)?;
        let mut wish = self.wish(Some(gone.clone()));
        for at in gone {
            (wish.switches[at], wish.noted[at]) = (None, Some(false));
        }
        self.take_over(&wish)
    }

    /// The plugin, if it is to come; what it needs has to be there.
    fn absent(&self, at: usize) -> Result<Option<Vec<usize>>, &'static str> {
        let is_absent = |at: usize| self.lives[at].is_none();
        if is_absent(at) && NEEDS[at].iter().any(|&need| is_absent(need)) {
            return Err("needs");
        }
        Ok(Some(is_absent(at).then_some(at).into_iter().collect()))
    }

    /// A plugin and those that go with it.
    fn gone(&self, at: usize, cascade: bool) -> Result<Vec<usize>, &'static str> {
        let mut gone = match self.lives[at] {
            Some(_) => self.dependents(at),
            None => Vec::new(),
        };
        if !gone.is_empty() && !cascade {
            return Err("required");
        }
        gone.push(at);
        Ok(gone)
    }

    fn wish_of(&self, only: Option<usize>) -> Result<Wish, &'static str> {
        match only {
            Some(at) if self.lives[at].is_none() => Err("not loaded"),
            only => Ok(self.wish(only.map(|at| vec![at]))),
        }
    }

    fn wish(&self, only: Option<Vec<usize>>) -> Wish {
        Wish {
            only,
            switches: self.switches,
            noted: self.noted,
        }
    }

    fn take_over(&mut self, wish: &Wish) -> Expected {
        let new = self.prepare(wish)?;
        let steps = self.steps(&new)?;
        let before = self.clone();
        for (place, &(at, step)) in steps.iter().enumerate() {
            if !self.take(at, step, &new[at]) {
                self.take_back(&before, &steps[..=place]);
                return Err("rolled back");
            }
        }
        (self.applied, self.switches, self.noted) = (new, wish.switches, wish.noted);
        Ok(told(&steps))
    }

    /// What the files say, and who is on or off whatever they say: refused as a whole if any of it
    /// is wrong.
    fn prepare(&self, wish: &Wish) -> Result<[Section; 4], &'static str> {
        let read = self.read(&wish.switches, &wish.noted);
        if !is_sound(&read) {
            return Err("config");
        }
        let Some(only) = &wish.only else {
            return Ok(read);
        };
        let mut mixed = self.applied;
        only.iter().for_each(|&at| mixed[at] = read[at]);
        if is_fit(&mixed) {
            Ok(mixed)
        } else {
            Err("config")
        }
    }

    fn read(&self, switches: &[Option<bool>; 4], noted: &[Option<bool>; 4]) -> [Section; 4] {
        std::array::from_fn(|at| {
            let file = self.files[at];
            let enabled = switches[at].or(noted[at]).unwrap_or(file.enabled);
            Section { enabled, ..file }
        })
    }

    /// What the next start of the process runs with; nothing if it is refused.
    pub(super) fn next_start(&self) -> Option<[Section; 4]> {
        let read = self.read(&[None; 4], &self.noted);
        is_sound(&read).then_some(read)
    }

    /// The steps to a config: first what goes, last first, then the others. None is begun if one is to
    /// come whose needs do not run.
    fn steps(&self, new: &[Section; 4]) -> Result<Vec<(usize, Step)>, &'static str> {
        let mut steps = Vec::new();
        let mut up = [false; 4];
        let gone = (0..4).filter(|&at| self.lives[at].is_some() && !new[at].enabled);
        steps.extend(gone.rev().map(|at| (at, Step::Unload)));
        for at in (0..4).filter(|&at| new[at].enabled) {
            let has_needs = NEEDS[at].iter().all(|&need| up[need]);
            let step = match self.lives[at] {
                None if !has_needs => return Err("needs"),
                None => Some(Step::Load),
                Some(life) => self.change(at, &new[at], life.state, has_needs),
            };
            up[at] = self.runs(at) || matches!(step, Some(Step::Load | Step::Restart));
            steps.extend(step.map(|step| (at, step)));
        }
        Ok(steps)
    }

    fn change(&self, at: usize, new: &Section, state: State, has_needs: bool) -> Option<Step> {
        let old = &self.applied[at];
        let is_own = old.own != new.own;
        let is_made_anew = old.mailbox != new.mailbox;
        if !is_own && !is_made_anew && old.attempts == new.attempts {
            return None;
        }
        let is_more = is_own || is_made_anew;
        Some(match state {
            State::Running if is_made_anew || is_own && !TAKES_OVER[at] => Step::Restart,
            State::Running if is_own => Step::Reload,
            State::Failed if is_more && has_needs => Step::Restart,
            _ => Step::Update,
        })
    }

    /// Takes a step; says whether the plugin came through it.
    fn take(&mut self, at: usize, step: Step, new: &Section) -> bool {
        match step {
            Step::Unload => self.lives[at] = None,
            Step::Load => {
                self.lives[at] = Some(Life {
                    state: State::Stopped,
                    setup: *new,
                    own: new.own,
                });
                return self.comes_up(at);
            }
            Step::Restart => {
                self.life(at).setup = *new;
                return self.comes_up(at);
            }
            Step::Reload if new.own.reload != Fault::None => return false,
            Step::Reload => {
                self.life(at).setup = *new;
                self.life(at).own = new.own;
            }
            Step::Update => self.life(at).setup = *new,
        }
        true
    }

    /// Each plugin is as it was before, but for those that do not come up again as they were, and
    /// those that can't be without these. One that did not run does not run.
    fn take_back(&mut self, before: &Self, steps: &[(usize, Step)]) {
        let (&(failed, _), done) = steps.split_last().expect("a step failed");
        for &(at, step) in steps.iter().rev() {
            let ran = before.runs(at);
            let has_come_up = self.runs(at);
            match step {
                Step::Load => {
                    self.lives[at] = None;
                    continue;
                }
                // The one that it did not take over goes on.
                Step::Reload if at == failed && !done.contains(&(at, step)) => continue,
                Step::Unload => {
                    self.lives[at] = before.lives[at];
                    if ran {
                        self.halt(at);
                    }
                }
                _ => self.life(at).setup = before.lives[at].expect("it was there").setup,
            }
            match step {
                Step::Update => {}
                Step::Reload if self.life(at).setup.own.reload == Fault::None => {
                    self.life(at).own = before.lives[at].expect("it was there").own;
                }
                // What can't be changed back in place starts anew.
                Step::Reload | Step::Restart | Step::Unload if ran => {
                    if self.has_needs(at) {
                        let _given_up = self.launch(at);
                    } else {
                        self.halt(at);
                    }
                }
                _ if has_come_up => self.halt(at),
                _ => {}
            }
        }
    }

    fn life(&mut self, at: usize) -> &mut Life {
        self.lives[at].as_mut().expect("it is under management")
    }
}

fn is_sound(sections: &[Section; 4]) -> bool {
    let is_right = |section: &Section| !section.enabled || !section.is_wrong;
    sections.iter().all(is_right) && is_fit(sections)
}

/// Whether all that is on has what it needs.
fn is_fit(sections: &[Section; 4]) -> bool {
    (0..4).all(|at| {
        let mut needs = NEEDS[at].iter();
        !sections[at].enabled || needs.all(|&need| sections[need].enabled)
    })
}

fn told(steps: &[(usize, Step)]) -> Vec<(&'static str, &'static str)> {
    let steps = steps.iter();
    steps.map(|&(at, step)| (NAMES[at], step.word())).collect()
}
