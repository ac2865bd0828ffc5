//! What is told of the instances.

use serde_json::{Value, json};

use crate::site::{Site, in_time};

/// Asks until an answer is as it should be.
async fn until(site: &Site, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let asked = async {
        loop {
            let answer = site.get(path).await;
            if is_so(&answer.body) {
                return answer.body;
            }
            tokio::task::yield_now().await;
        }
    };
    in_time(asked).await
}

#[tokio::test]
async fn an_instance_is_a_row_and_its_history_comes_second_by_second() {
    let site = Site::new().await;
    let list = site.get("/v1/instances").await.body;
    assert_eq!((&list["total"], &list["next"]), (&json!(3), &json!(null)));
    let row = &list["instances"][1];
    assert_eq!(
        [
            &row["instance"],
            &row["plugin"],
            &row["kind"],
            &row["state"]
        ],
        ["base", "base", "business", "running"]
    );
    assert_eq!(row["in"], json!({"total": 0, "per_second": null}));
    let history = until(&site, "/v1/history/base", |body| {
        body["history"][0]["in"]
            .as_array()
            .is_some_and(|rates| !rates.is_empty())
    });
    let history = history.await;
    assert_eq!(history["history"][0]["in"][0], 0.0);
    assert_eq!(history["history"][1]["step_s"], 30);
    let one = site.get("/v1/instances/base").await.body;
    assert_eq!(one["in"], json!({"total": 0, "per_second": 0.0}));
    assert_eq!(one["history"][0]["step_s"], 1);
    let nobody = site.get("/v1/instances/bass").await;
    assert_eq!(nobody.status, 404);
    let detail = nobody.body["detail"].as_str().unwrap();
    assert!(detail.contains("did you mean `base`?"), "{detail}");
}

#[tokio::test]
async fn rows_come_in_pages_with_the_fields_that_are_wanted() {
    let site = Site::with("leaf: { replicas: 3 }", json!({})).await;
    let first = site
        .get("/v1/instances?fields=instance,ready&limit=2")
        .await
        .body;
    let rows = json!([
        {"instance": "admin-plugin", "ready": true},
        {"instance": "base", "ready": true},
    ]);
    assert_eq!((&first["instances"], &first["total"]), (&rows, &json!(5)));
    let cursor = first["next"].as_str().unwrap();
    let path = format!(
        "/v1/instances?fields=instance&cursor={}",
        cursor.replace('#', "%23")
    );
    let rest = site.get(&path).await.body;
    let rows = json!([{"instance": "leaf#1"}, {"instance": "leaf#2"}, {"instance": "leaf#3"}]);
    assert_eq!((&rest["instances"], &rest["next"]), (&rows, &json!(null)));
    let wrong = site.get("/v1/instances?fields=name").await;
    let detail = wrong.body["detail"].as_str().unwrap();
    assert_eq!(wrong.status, 400);
    assert!(
        detail.starts_with("a row has no field `name`: it has `"),
        "{detail}"
    );
    let twice = site.get("/v1/instances?fields=state,state").await;
    assert_eq!(
        (twice.status, &twice.body["detail"]),
        (
            400,
            &json!("`fields` names `state` twice: name each field once")
        )
    );
    let gone = site.get("/v1/instances?cursor=nobody").await;
    assert_eq!((gone.status, &gone.body["key"]), (409, &json!("cursor")));
    let unknown = site.get("/v1/instances?size=3").await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn a_thousand_instances_are_one_answer() {
    let site = Site::with("leaf: { replicas: 1000 }", json!({})).await;
    let list = site.get("/v1/instances").await.body;
    assert_eq!(list["instances"].as_array().unwrap().len(), 1000);
    assert_eq!(
        (&list["total"], &list["next"]),
        (&json!(1002), &json!("leaf#999"))
    );
}

#[tokio::test]
async fn a_failed_instance_says_why_and_what_comes_next() {
    let file = "leaf: { config: { fail: true }, restart: { backoff: { initial: 1h, max: 1h } } }";
    let site = Site::with(file, json!({})).await;
    let row = until(&site, "/v1/instances/leaf", |row| row["next"].is_object()).await;
    assert_eq!(
        (&row["state"], &row["ready"]),
        (&json!("failed"), &json!(false))
    );
    assert_eq!(row["cause"], "task `fails`: no luck");
    assert_eq!([&row["next"]["attempt"], &row["next"]["of"]], [1, 3]);
    assert!(row["next"]["in_ms"].as_u64().unwrap() > 3_000_000, "{row}");
}
