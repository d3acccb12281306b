use super::ThreadTimes;

#[cfg_attr(not(target_os = "linux"), ignore = "only Linux tells")]
#[test]
fn a_thread_that_works_has_run_for_longer() {
    let times = ThreadTimes::of_this_thread().unwrap();
    let before = times.read().unwrap();
    let mut sum = 0_u64;
    while times.read().unwrap().ran == before.ran {
        sum = std::hint::black_box(sum + 1);
    }
    // Another thread reads it, too.
    let after = std::thread::spawn(move || times.read().unwrap());
    assert!(after.join().unwrap().ran > before.ran);
}
