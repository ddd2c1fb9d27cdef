using System.Security.Cryptography;
using Microsoft.Playwright;
using Wharf.Oci;
using Wharf.Tests.Server;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Web;

/// <summary>What superusers do in the browser over the whole registry, seen again through the API.</summary>
[Collection(nameof(WebSite))]
public sealed class SuperuserStoriesTests(WebSite site)
{
    private HttpClient Admin => site.Registry.Client;

    [Fact]
    public async Task A_person_is_made_shut_out_let_in_raised_and_given_a_password()
    {
        var name = NewName();
        var page = await site.OpenAsSuperuserAsync("/superuser");
        await page.Button("New user").ClickAsync();
        await page.Box("User name").FillAsync(name);
        await page.Box("E-mail address").FillAsync($"{name}@example.test");
        await page.Button("Create").ClickAsync();
        await page.SaysAsync($"The user {name} was made.");
        var person = site.Registry.ClientFor(name, await page.CopyableAsync("Password"));
        await WebSite.ShootAsync(page, "user-made-light");
        await page.Keyboard.PressAsync("Escape");
        (await person.ReadAsync("/api/v1/user/")).Is(200);
        await page.GetByLabel("Filter by name").FillAsync(name);
        await page.Row(name).GetByText("active").WaitForAsync();

        await ActAsync("Disable");
        await page.SaysAsync($"{name} cannot sign in any more.");
        await page.Row(name).GetByText("disabled").WaitForAsync();
        (await person.ReadAsync("/api/v1/user/")).Is(401);
        await ActAsync("Enable");
        await page.SaysAsync($"{name} can sign in again.");
        (await person.ReadAsync("/api/v1/user/")).Is(200);

        await ActAsync("Make a superuser");
        await page.SaysAsync($"{name} is a superuser now.");
        (await person.ReadAsync("/api/v1/superuser/users/")).Is(200);
        await ActAsync("Superuser no more");
        await page.SaysAsync($"{name} is no superuser any more.");
        (await person.ReadAsync("/api/v1/superuser/users/")).Is(403);

        await ActAsync("Set a password");
        await page.GetByLabel("Password", new PageGetByLabelOptions { Exact = true }).FillAsync("chosen by somebody else");
        await page.Button("Save").ClickAsync();
        await page.SaysAsync($"{name} has a new password");
        (await person.ReadAsync("/api/v1/user/")).Is(401);
        (await site.Registry.ClientFor(name, "chosen by somebody else").ReadAsync("/api/v1/user/")).Is(200);

        await ActAsync("Delete");
        Assert.True(await page.Button("Delete").IsDisabledAsync());
        await page.GetByLabel($"Type {name} to go on").FillAsync(name);
        await page.Button("Delete").ClickAsync();
        await page.SaysAsync($"{name} was deleted.");
        (await Admin.ReadAsync($"/api/v1/superuser/users/{name}")).Is(404);

        Task ActAsync(string action) => page.ActAsync($"Actions on {name}", action);
    }

    [Fact]
    public async Task A_person_gets_a_quota_which_holds_until_it_is_removed()
    {
        var person = await site.Registry.CreateUserAsync();
        var page = await site.OpenAsSuperuserAsync($"/superuser?filter={person.Name}");
        await page.ActAsync($"Actions on {person.Name}", "Quota");
        await page.SaysAsync($"Of the namespace {person.Name}");
        await page.Box("How much").FillAsync("1 KiB");
        await WebSite.ShootAsync(page, "user-quota-light");
        await page.Button("Create").ClickAsync();
        await page.SaysAsync("The quota was set.");

        var quota = Assert.Single((await Admin.ReadAsync($"/api/v1/superuser/users/{person.Name}/quota")).Is(200).Json.EnumerateArray());
        Assert.Equal(1024, quota.GetProperty("limit_bytes").GetInt64());
        var blob = Requests.RandomBytes(2000);
        var path = $"/v2/{person.Name}/tool/blobs/uploads/?digest={Digest.Of(blob)}";
        (await person.Client.SendAsync("POST", path, blob)).Is(403);

        await page.ActAsync($"Actions on {person.Name}", "Quota");
        Assert.Equal("100", await page.GetByLabel("Refuse pushes from").InputValueAsync());
        await page.Box("How much").FillAsync("2 MiB");
        await page.Button("Save").ClickAsync();
        await page.SaysAsync("The quota was changed.");
        (await person.Client.SendAsync("POST", path, blob)).Is(201);
        await page.ActAsync($"Actions on {person.Name}", "Quota");
        await page.Button("Remove the quota").ClickAsync();
        await page.SaysAsync($"{person.Name} has no quota any more.");
        Assert.Empty((await Admin.ReadAsync($"/api/v1/superuser/users/{person.Name}/quota")).Is(200).Json.EnumerateArray());
        await page.Button("Undo").ClickAsync();
        await page.SaysAsync("Undone");
        Assert.Equal(2 << 20, Assert.Single((await Admin.ReadAsync($"/api/v1/superuser/users/{person.Name}/quota")).Is(200).Json.EnumerateArray()).GetProperty("limit_bytes").GetInt64());
    }

    [Fact]
    public async Task An_organization_is_renamed_and_back_and_taken_over()
    {
        var (organization, renamed) = (await site.User.Client.CreateOrganizationAsync(), NewName());
        var page = await site.OpenAsSuperuserAsync($"/superuser?tab=organizations&filter={organization}");

        await page.ActAsync($"Actions on {organization}", "Rename");
        await page.Box("New name").FillAsync(renamed);
        await page.Button("Rename").ClickAsync();
        await page.SaysAsync($"{organization} is called {renamed} now.");
        (await site.User.Client.ReadAsync($"/api/v1/organization/{renamed}")).Is(200);
        await page.Button("Undo").ClickAsync();
        await page.Row(organization).WaitForAsync();
        (await site.User.Client.ReadAsync($"/api/v1/organization/{organization}")).Is(200);

        await page.ActAsync($"Actions on {organization}", "Take ownership");
        await page.Button("Take ownership").ClickAsync();
        await page.SaysAsync($"You administer {organization} now.");
        Assert.Contains(Registry.Admin, (await site.User.Client.ReadAsync($"/api/v1/organization/{organization}/team/owners/members")).Is(200).Json.GetProperty("members").EnumerateArray().Select(static m => m.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task The_size_is_counted_and_a_digest_is_explained()
    {
        var page = await site.OpenAsSuperuserAsync("/superuser?tab=usage");
        await page.Button("Count again").ClickAsync();
        await page.SaysAsync("It will be counted.");
        var size = await Poll.UntilAsync(async () => (await Admin.ReadAsync("/api/v1/superuser/registrysize/")).Is(200).Json is var now && now.GetProperty("last_ran").ValueKind != System.Text.Json.JsonValueKind.Null ? now.GetProperty("size_bytes").GetInt64() : 0, TimeSpan.FromMinutes(1));
        Assert.True(size > 0);
        await page.Locator(".wharf-number").WaitForAsync();
        Assert.Matches("^[0-9.,]+ [KM]iB$", await page.Locator(".wharf-number").TextContentAsync());

        await page.GetByLabel("A digest, of an image or a layer").FillAsync(site.Digest);
        await page.Button("Explain").ClickAsync();
        var row = page.GetByRole(AriaRole.Grid, new PageGetByRoleOptions { Name = "Why is it still there?" }).GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = site.Repository });
        await row.First.WaitForAsync();
        var told = (await Admin.ReadAsync($"/api/v1/superuser/gc/{site.Digest}")).Is(200).Json.GetProperty("repositories")[0];
        Assert.Contains(told.GetProperty("why").GetString()!, await row.First.TextContentAsync(), StringComparison.Ordinal);
        Assert.Contains("digest=", page.Url, StringComparison.Ordinal);

        var queues = (await Admin.ReadAsync("/api/v1/superuser/gc")).Is(200).Json.GetProperty("queues").EnumerateArray().Select(static q => q.GetProperty("kind").GetString()!);
        foreach (var kind in queues)
            await page.GetByRole(AriaRole.Grid, new PageGetByRoleOptions { Name = "Waiting to be looked at" }).GetByText(kind, new LocatorGetByTextOptions { Exact = true }).WaitForAsync();
        await page.SaysAsync("Goes when its grace is over");
        await WebSite.ShootAsync(page, "usage-explained-light");
        await page.GetByLabel("A digest, of an image or a layer").FillAsync("sha256:" + new string('0', 64));
        await page.Button("Explain").ClickAsync();
        await page.Locator(".pf-v6-c-alert.pf-m-danger").Or(page.GetByText("unknown")).First.WaitForAsync();
    }

    [Fact]
    public async Task The_log_of_everything_is_narrowed_to_what_one_person_changed()
    {
        var person = await site.Registry.CreateUserAsync();
        var repository = $"{person.Name}/tool";
        await person.Client.PushImageAsync(repository, "v1");
        (await person.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await person.Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}", """{"description":"a tool"}""")).Is(200);
        var page = await site.OpenAsSuperuserAsync("/superuser?tab=logs");

        await page.GetByLabel("Name of a person or robot").FillAsync(person.Name);
        await page.SaysAsync($"Pulled v1 of {repository}");
        await page.SaysAsync($"Changed the description of {repository}");
        var rows = page.GetByRole(AriaRole.Grid, new PageGetByRoleOptions { Name = "Log" }).Locator("tbody tr");
        await Poll.UntilAsync(async () => await rows.AllTextContentsAsync() is { Count: > 0 } told && told.All(row => row.Contains(person.Name, StringComparison.Ordinal)));

        await page.Button("Changes only").ClickAsync();
        await page.SaysNoMoreAsync("Pulled v1");
        await page.SaysAsync($"Changed the description of {repository}");
        Assert.Contains($"performer={person.Name}", page.Url, StringComparison.Ordinal);
        await WebSite.ShootAsync(page, "registry-logs-filtered-light");
    }

    [Fact]
    public async Task A_message_stands_on_every_page_until_it_is_taken_away()
    {
        var text = $"Maintenance tonight at eight ({NewName()})";
        var page = await site.OpenAsSuperuserAsync("/superuser?tab=messages");
        await page.Button("New message").ClickAsync();
        await page.Box("Text").FillAsync(text);
        await page.GetByLabel("How important").SelectOptionAsync("warning");
        await page.Button("Publish").ClickAsync();
        await page.SaysAsync("The message stands on every page now.");

        page = await site.OpenAsync("/repository", site.User);
        await page.Locator(".pf-v6-c-alert.pf-m-warning").Filter(new LocatorFilterOptions { HasText = text }).WaitForAsync();
        await WebSite.ShootAsync(page, "message-light");

        page = await site.OpenAsSuperuserAsync("/superuser?tab=messages");
        await page.Row(text).GetByRole(AriaRole.Button).ClickAsync();
        await page.SaysAsync("The message was deleted.");
        await page.SaysNoMoreAsync(text);
        Assert.DoesNotContain(text, (await Admin.ReadAsync("/api/v1/messages")).Is(200).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_gets_a_key_another_waits_for_approval_and_both_go()
    {
        var service = NewName();
        var page = await site.OpenAsSuperuserAsync("/superuser?tab=keys");
        await page.Button("New key").First.ClickAsync();
        await page.Box("Service").FillAsync(service);
        await page.Box("Name").FillAsync("the builder");
        await page.Button("Create").ClickAsync();
        await page.SaysAsync($"The key of {service}");
        Assert.StartsWith("-----BEGIN", await page.CopyableAsync("Private key"), StringComparison.Ordinal);
        var kid = await page.CopyableAsync("Key");
        await page.Keyboard.PressAsync("Escape");
        await page.Row(service).GetByText(Registry.Admin).WaitForAsync();

        // As one that a service has brought itself.
        await using (var database = await site.Registry.OpenDatabaseAsync())
        {
            await using var update = database.CreateCommand();
            update.CommandText = $"UPDATE service_key SET approval_type = NULL, approved_ms = NULL, approved_by = NULL WHERE kid = '{kid}'";
            Assert.Equal(1, await update.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }
        await page.ReloadAsync();
        await page.Row(service).GetByText("waits for approval").WaitForAsync();
        await WebSite.ShootAsync(page, "service-key-waits-light");
        await page.Button("Approve the builder").ClickAsync();
        await page.SaysAsync("The key was approved.");
        Assert.Equal(Registry.Admin, (await Admin.ReadAsync($"/api/v1/superuser/keys/{kid}")).Is(200).Json.GetProperty("approval").GetProperty("approver").GetProperty("name").GetString());

        await page.Button("Delete the builder").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Delete", Exact = true }).ClickAsync();
        await page.SaysAsync("The key was deleted.");
        (await Admin.ReadAsync($"/api/v1/superuser/keys/{kid}")).Is(404);
    }

    [Fact]
    public async Task The_configuration_health_storage_and_access_are_told_as_the_server_has_them()
    {
        var page = await site.OpenAsSuperuserAsync("/superuser?tab=configuration");
        await page.GetByLabel("Filter by name").FillAsync("auth.passwordrounds");
        await page.Row("Auth.PasswordRounds").WaitForAsync();
        Assert.Contains("1000", await page.Row("Auth.PasswordRounds").TextContentAsync(), StringComparison.Ordinal);
        Assert.Equal(2, await page.GetByRole(AriaRole.Row).CountAsync());

        await page.OpenTabAsync("Health");
        await page.GetByText("ready", new PageGetByTextOptions { Exact = true }).WaitForAsync();

        await page.OpenTabAsync("Storage");
        foreach (var location in (await Admin.ReadAsync("/api/v1/superuser/storage")).Is(200).Json.GetProperty("locations").EnumerateArray())
        {
            var row = page.Row(location.GetProperty("name").GetString()!).First;
            await row.GetByText("answers", new LocatorGetByTextOptions { Exact = true }).WaitForAsync();
            Assert.Contains(location.GetProperty("kind").GetString()!, await row.TextContentAsync(), StringComparison.Ordinal);
        }
        // A place that fails says so, in the store's words.
        await page.RouteAsync("**/api/v1/superuser/storage", static route => route.FulfillAsync(new RouteFulfillOptions
        {
            ContentType = "application/json",
            Body = """{"locations":[{"name":"near","kind":"s3","configured":true,"preferred":true,"given_up":false,"reachable":false,"problem":"Connection refused (10.0.0.7:9000)","blobs":12,"bytes":34567890},{"name":"far","kind":"azure","configured":true,"preferred":false,"given_up":true,"reachable":false,"problem":null,"blobs":10,"bytes":2345},{"name":"former","kind":null,"configured":false,"preferred":false,"given_up":false,"reachable":false,"problem":null,"blobs":1,"bytes":9}]}""",
        }));
        await page.ReloadAsync();
        await page.SaysAsync("Connection refused (10.0.0.7:9000)");
        await page.SaysAsync("not in the settings");
        await WebSite.ShootAsync(page, "storage-problems-light");
        await page.UnrouteAllAsync();

        await page.OpenTabAsync("Access review");
        await page.Row(site.Organization).First.WaitForAsync();
        await page.GetByLabel("Unused for at least").SelectOptionAsync("365");
        await Poll.UntilAsync(() => Task.FromResult(page.Url.Contains("unused=365", StringComparison.Ordinal)));
        Assert.Equal("/api/v1/superuser/accessreview?format=csv&unused_days=365", await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "As CSV" }).GetAttributeAsync("href"));
    }

    private static string NewName() => "web" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
}
