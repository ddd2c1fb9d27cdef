using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using Wharf.Tests.Clients;
using Wharf.Tests.Server;
using Wharf.Tests.Server.Mail;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Web;

/// <summary>What the people of an organization do with it in the browser, seen again through the API and by real clients.</summary>
[Collection(nameof(WebSite))]
public sealed class OrganizationStoriesTests(WebSite site, OrganizationStoriesTests.InvitingRegistry inviting) : IClassFixture<OrganizationStoriesTests.InvitingRegistry>
{
    /// <summary>It sends mail and asks people before they are in a team; the browser comes by its loopback address.</summary>
    public sealed class InvitingRegistry : MailRegistry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Server:HostNames:0"] = "127.0.0.1" };
    }

    private HttpClient Me => site.User.Client;

    [Fact]
    public async Task An_organization_is_made_with_a_repository_and_a_team_whose_members_may_what_it_may()
    {
        var (name, member) = (OrganizationRequests.NewName(), await site.Registry.CreateUserAsync());
        var page = await site.OpenAsync("/organization", site.User);

        await Button(page, "New organization").ClickAsync();
        await Dialog(page, "New organization").GetByLabel("Name").FillAsync(name);
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAtAsync($"/organization/{name}");
        await Button(page, "New repository").ClickAsync();
        await Dialog(page, "New repository").GetByLabel("Name").Last.FillAsync("app");
        await Button(page, "Create").ClickAsync();
        await page.ArrivesAtAsync($"/repository/{name}/app");
        Assert.False((await Me.ReadAsync($"/api/v1/repository/{name}/app")).Is(200).Json.GetProperty("is_public").GetBoolean());

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "Teams and membership" }).ClickAsync();
        await Button(page, "New team").ClickAsync();
        await Dialog(page, $"New team in {name}").GetByLabel("Name").FillAsync("builders");
        await Dialog(page, $"New team in {name}").GetByLabel("Description").FillAsync("They build it.");
        await Button(page, "Create").ClickAsync();
        await page.GetByText("The team builders was made.").WaitForAsync();
        await page.GetByLabel("Role of the team builders").SelectOptionAsync("creator");
        await page.GetByText("The team builders has the role creator now.").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "builders", Exact = true }).ClickAsync();
        await Button(page, "Add a member").ClickAsync();
        await PickAsync(page, Dialog(page, "Add to the team builders"), "A person or robot", member.Name);
        await Button(page, "Add").ClickAsync();
        await page.GetByText($"{member.Name} was added.").WaitForAsync();
        await WebSite.ShootAsync(page, "team-member-light");
        await member.Client.CreateRepositoryAsync(name, "of-a-creator");

        await Button(page, $"Remove {member.Name} from the team").ClickAsync();
        await page.GetByText($"{member.Name} was removed from the team.").WaitForAsync();
        (await member.Client.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{name}}","repository":"not-now","visibility":"private","description":""}""")).Is(403);
        await Button(page, "Undo").Last.ClickAsync();
        await Button(page, $"Remove {member.Name} from the team").WaitForAsync();
        await member.Client.CreateRepositoryAsync(name, "again");

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "Teams and membership" }).ClickAsync();
        await Button(page, "Delete the team builders").ClickAsync();
        await Button(Dialog(page, "Delete the team builders?"), "Delete").ClickAsync();
        await page.GetByText("The team builders was deleted.").WaitForAsync();
        (await Me.ReadAsync($"/api/v1/organization/{name}/team/builders/members")).Is(404);
        (await member.Client.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{name}}","repository":"never","visibility":"private","description":""}""")).Is(403);
    }

    [Fact]
    public async Task Where_people_are_asked_first_they_join_from_their_home_page_and_others_by_mail()
    {
        var (owner, guest) = (inviting.User, await inviting.CreateUserAsync());
        var (organization, address) = (await owner.Client.CreateOrganizationAsync(), $"{OrganizationRequests.NewName("guest")}@example.test");
        await owner.Client.CreateTeamAsync(organization, "devs", "member");
        var page = await site.OpenAsync(inviting, $"/organization/{organization}/teams/devs", owner);

        await Button(page, "Add a member").First.ClickAsync();
        await PickAsync(page, Dialog(page, "Add to the team devs"), "A person or robot", guest.Name);
        await Button(page, "Add").ClickAsync();
        await page.GetByText($"{guest.Name} was invited.").WaitForAsync();
        await Button(page, "Add a member").ClickAsync();
        await page.GetByRole(AriaRole.Radio, new PageGetByRoleOptions { Name = "An e-mail address" }).CheckAsync();
        await page.GetByRole(AriaRole.Textbox, new PageGetByRoleOptions { Name = "E-mail address" }).FillAsync(address);
        await Button(page, "Add").ClickAsync();
        await page.GetByText($"{address} was invited.").WaitForAsync();
        await Button(page, $"Remove {address} from the team").WaitForAsync();
        await WebSite.ShootAsync(page, "team-invited-light");
        Assert.Contains(owner.Name, (await inviting.Mail.ReceiveAsync(address, $"An invitation to {organization}")).TextBody, StringComparison.Ordinal);
        (await guest.Client.ReadAsync($"/api/v1/organization/{organization}/team/devs/members")).Is(404);

        page = await site.OpenAsync(inviting, "/", guest);
        await page.GetByText($"{owner.Name} invites you to the team devs of {organization}.").WaitForAsync();
        await WebSite.ShootAsync(page, "home-invited-light");
        await Button(page, "Join").ClickAsync();
        await page.GetByText($"You are in the team devs of {organization} now.").WaitForAsync();
        Assert.Contains(guest.Name, (await guest.Client.ReadAsync($"/api/v1/organization/{organization}/team/devs/members")).Is(200).Json.GetProperty("members").EnumerateArray().Select(static m => m.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_robot_is_made_in_steps_pulls_by_the_file_it_came_with_and_is_changed_and_deleted()
    {
        await using var home = new ClientHome();
        var (repository, other) = (await NewRepositoryAsync("v1"), await NewRepositoryAsync("v1"));
        var (team, robot) = (OrganizationRequests.NewName("team"), OrganizationRequests.NewName("bot"));
        var whole = $"{site.Organization}+{robot}";
        await Me.CreateTeamAsync(site.Organization, team, "member");
        var page = await site.OpenAsync($"/organization/{site.Organization}?tab=robots", site.User);

        await Button(page, "New robot").ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new PageGetByRoleOptions { Name = "Name" }).FillAsync(robot);
        await page.GetByLabel("Description").FillAsync("pulls for the cluster");
        await Button(page, "Next").ClickAsync();
        await page.GetByRole(AriaRole.Checkbox, new PageGetByRoleOptions { Name = team }).CheckAsync();
        await Button(page, "Next").ClickAsync();
        await page.GetByLabel("Filter by name").FillAsync(Short(repository));
        await page.GetByLabel($"Permission on {Short(repository)}").SelectOptionAsync("write");
        await WebSite.ReviewAsync(page, "robot-wizard");
        await Button(page, "Next").ClickAsync();
        await page.GetByText($"{Short(repository)} (write)").WaitForAsync();
        await Button(page, "Create the robot").ClickAsync();

        var dialog = Dialog(page, $"Credentials of {whole}");
        var token = await TextAsync(dialog, "Token");
        foreach (var (form, holds) in new[] { ("Kubernetes secret", "kubernetes.io/dockerconfigjson"), ("Podman login", $"podman login"), ("Docker login", "docker login"), ("Docker config file", site.Registry.Host) })
        {
            await dialog.GetByRole(AriaRole.Tab, new LocatorGetByRoleOptions { Name = form }).ClickAsync();
            Assert.Contains(holds, await TextAsync(dialog, form), StringComparison.Ordinal);
        }
        await WebSite.ReviewAsync(page, "robot-credentials");
        await File.WriteAllTextAsync(home.At("auth.json"), await TextAsync(dialog, "Docker config file"), TestContext.Current.CancellationToken);
        var copy = (string[])["skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", $"docker://{site.Registry.Host}/{repository}:v1", $"docker://{site.Registry.Host}/{repository}:copy"];
        await home.RunAsync(copy);
        await home.RefusedAsync("skopeo", "inspect", "--tls-verify=false", $"docker://{site.Registry.Host}/{other}:v1");

        await Button(dialog, "Make a new token").ClickAsync();
        await Button(Dialog(page, $"Make a new token for {whole}?"), "Make a new token").ClickAsync();
        await page.GetByText($"{whole} has a new token.").WaitForAsync();
        await home.RefusedAsync(copy);
        await dialog.GetByRole(AriaRole.Tab, new LocatorGetByRoleOptions { Name = "Token", Exact = true }).ClickAsync();
        var renewed = await TextAsync(dialog, "Token");
        Assert.NotEqual(token, renewed);
        await home.RunAsync("skopeo", "inspect", "--tls-verify=false", "--creds", $"{whole}:{renewed}", $"docker://{site.Registry.Host}/{repository}:v1");
        await Button(dialog.Locator("footer"), "Close").ClickAsync();

        await Button(page, $"Change {whole}").ClickAsync();
        dialog = Dialog(page, $"Change {whole}");
        await dialog.GetByLabel("Description").FillAsync("only looks now");
        await dialog.GetByRole(AriaRole.Checkbox, new LocatorGetByRoleOptions { Name = team }).UncheckAsync();
        await dialog.GetByLabel($"Permission on {Short(repository)}").SelectOptionAsync("");
        await dialog.GetByLabel($"Permission on {Short(other)}").SelectOptionAsync("read");
        await WebSite.ReviewAsync(page, "robot-change");
        await Button(dialog, "Save").ClickAsync();
        await page.GetByText($"The robot {whole} was changed.").WaitForAsync();
        await page.GetByText("only looks now").WaitForAsync();
        Assert.Equal([(Short(other), "read")], await GrantsAsync(robot));
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{site.Organization}/team/{team}/members")).Is(200).Json.GetProperty("members").EnumerateArray());
        await home.RunAsync("skopeo", "inspect", "--tls-verify=false", "--creds", $"{whole}:{renewed}", $"docker://{site.Registry.Host}/{other}:v1");
        await Button(page, "Undo").Last.ClickAsync();
        await page.GetByText("pulls for the cluster").WaitForAsync();
        Assert.Equal([(Short(repository), "write")], await GrantsAsync(robot));
        Assert.Single((await Me.ReadAsync($"/api/v1/organization/{site.Organization}/team/{team}/members")).Is(200).Json.GetProperty("members").EnumerateArray());

        await Button(page, $"Delete {whole}").ClickAsync();
        await Button(Dialog(page, $"Delete the robot {whole}?"), "Delete").ClickAsync();
        await page.GetByText($"The robot {whole} was deleted.").WaitForAsync();
        await home.RefusedAsync("skopeo", "inspect", "--tls-verify=false", "--creds", $"{whole}:{renewed}", $"docker://{site.Registry.Host}/{repository}:v1");
    }

    [Fact]
    public async Task Default_permissions_are_what_new_repositories_begin_with()
    {
        var (organization, member) = (await Me.CreateOrganizationAsync(), await site.Registry.CreateUserAsync());
        var page = await site.OpenAsync($"/organization/{organization}?tab=defaults", site.User);

        await Button(page, "New default permission").ClickAsync();
        var dialog = Dialog(page, "New default permission");
        await PickAsync(page, dialog, "Then granted to", member.Name);
        await dialog.GetByLabel("Permission").SelectOptionAsync("write");
        await Button(dialog, "Create").ClickAsync();
        await page.GetByText($"New repositories grant {member.Name} write.").WaitForAsync();
        await Me.CreateRepositoryAsync(organization, "first");
        Assert.Equal("write", await Me.RoleAsync($"{organization}/first", "user", member.Name));

        await page.GetByLabel($"Permission of {member.Name}", new PageGetByLabelOptions { Exact = true }).SelectOptionAsync("read");
        await page.GetByText($"New repositories grant {member.Name} read now.").WaitForAsync();
        await WebSite.ShootAsync(page, "defaults-one-light");
        await Button(page, $"Remove the default permission of {member.Name}").ClickAsync();
        await page.GetByText("No default permission yet").WaitForAsync();
        await Me.CreateRepositoryAsync(organization, "second");
        await Button(page, "Undo").Last.ClickAsync();
        await page.GetByLabel($"Permission of {member.Name}", new PageGetByLabelOptions { Exact = true }).WaitForAsync();
        await Me.CreateRepositoryAsync(organization, "third");

        Assert.Null(await Me.RoleAsync($"{organization}/second", "user", member.Name));
        Assert.Equal("read", await Me.RoleAsync($"{organization}/third", "user", member.Name));
    }

    [Fact]
    public async Task An_application_gets_a_token_that_may_what_was_ticked_and_a_new_secret()
    {
        var organization = await Me.CreateOrganizationAsync();
        var page = await site.OpenAsync($"/organization/{organization}?tab=applications", site.User);

        await Button(page, "New application").ClickAsync();
        await Dialog(page, "New application").GetByLabel("Name").FillAsync("dashboard");
        await Dialog(page, "New application").GetByLabel("Redirect address").FillAsync("https://dashboard.example.test/back");
        await Button(page, "Create").ClickAsync();
        var dialog = Dialog(page, "dashboard");
        var secret = await TextAsync(dialog, "Client secret");
        await Button(dialog, "New token").ClickAsync();
        await Dialog(page, "New token").GetByLabel("Name of the token").FillAsync("reads");
        await Dialog(page, "New token").GetByLabel("Administer organizations").CheckAsync();
        await Button(page, "Make the token").ClickAsync();
        var once = Dialog(page, "reads");
        var token = await TextAsync(once, "Token");
        await WebSite.ShootAsync(page, "application-token-light");
        await Button(once.Locator("footer"), "Close").ClickAsync();
        (await site.Registry.Anonymous.WithTokenAsync(token, "GET", $"/api/v1/organization/{organization}/applications")).Is(200);
        (await site.Registry.Anonymous.WithTokenAsync(token, "GET", "/api/v1/superuser/users/")).Is(403);

        await Button(dialog, "Make a new secret").ClickAsync();
        await Button(Dialog(page, "Make a new secret for dashboard?"), "Make a new secret").ClickAsync();
        await page.GetByText("The application dashboard has a new secret.").WaitForAsync();
        Assert.NotEqual(secret, await TextAsync(dialog, "Client secret"));
        Assert.Equal((await Me.ReadAsync($"/api/v1/organization/{organization}/applications")).Is(200).Json.GetProperty("applications")[0].GetProperty("client_secret").GetString(), await TextAsync(dialog, "Client secret"));
        await WebSite.ReviewAsync(page, "application");
        await Button(dialog, "Revoke reads").ClickAsync();
        await page.GetByText("The token was revoked.").WaitForAsync();
        (await site.Registry.Anonymous.WithTokenAsync(token, "GET", $"/api/v1/organization/{organization}/applications")).Is(401);
        await Button(dialog.Locator("footer"), "Close").ClickAsync();

        await Button(page, "Delete dashboard").ClickAsync();
        await Dialog(page, "Delete the application dashboard?").GetByRole(AriaRole.Textbox).FillAsync("dashboard");
        await Button(Dialog(page, "Delete the application dashboard?"), "Delete").ClickAsync();
        await page.GetByText("No application yet").WaitForAsync();
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{organization}/applications")).Is(200).Json.GetProperty("applications").EnumerateArray());
    }

    [Fact]
    public async Task The_log_is_searched_by_who_and_when_and_sent_as_a_file()
    {
        var (owner, other) = (inviting.User, await inviting.CreateUserAsync());
        var organization = await owner.Client.CreateOrganizationAsync();
        await owner.Client.PushImageAsync($"{organization}/app", "v1");
        await owner.Client.GrantAsync($"{organization}/app", other.Name, "write");
        await other.Client.PushImageAsync($"{organization}/app", "v2");
        await Poll.UntilAsync(async () => (await owner.Client.ReadAsync($"/api/v1/organization/{organization}/logs")).Is(200).Text.Contains("\"v2\"", StringComparison.Ordinal));
        var page = await site.OpenAsync(inviting, $"/organization/{organization}?tab=logs", owner);
        var (first, second) = (page.GetByText($"Pushed v1 to {organization}/app"), page.GetByText($"Pushed v2 to {organization}/app"));

        await first.WaitForAsync();
        await second.WaitForAsync();
        await page.GetByRole(AriaRole.Img, new PageGetByRoleOptions { Name = "Entries per day" }).WaitForAsync();
        await page.GetByText("push repo (2)").WaitForAsync();
        await WebSite.ShootAsync(page, "organization-logs-filled-light");
        await page.GetByLabel("Name of a person or robot").FillAsync(other.Name);
        await first.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        await second.WaitForAsync();
        await page.GetByText("push repo (1)").WaitForAsync();
        Assert.Contains($"performer={other.Name}", page.Url, StringComparison.Ordinal);
        await page.GetByLabel("To", new PageGetByLabelOptions { Exact = true }).FillAsync(TimeProvider.System.GetUtcNow().AddDays(-2).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        await page.GetByText("Nothing was logged in this time.").WaitForAsync();
        await page.ReloadAsync();
        await page.GetByText("Nothing was logged in this time.").WaitForAsync();

        await page.GotoAsync(new Uri(inviting.Url, $"/organization/{organization}?tab=logs&kinds=push_repo&performer={other.Name}").ToString());
        await second.WaitForAsync();
        await Button(page, "Export").ClickAsync();
        await page.GetByText("that pass the filters").WaitForAsync();
        await WebSite.ShootAsync(page, "log-export-light");
        await Dialog(page, "Export this log").GetByRole(AriaRole.Textbox).FillAsync($"{owner.Name}@example.test");
        await Button(Dialog(page, "Export this log"), "Export").ClickAsync();
        await page.GetByText("The export has begun.").WaitForAsync();
        var mail = await inviting.Mail.ReceiveAsync($"{owner.Name}@example.test", "The logs that you asked for");
        var link = mail.TextBody!.Split('\n').Select(static l => l.Trim()).First(static l => l.Contains("/exportedlogs/", StringComparison.Ordinal));
        var file = (await inviting.Anonymous.ReadAsync(new Uri(link[link.IndexOf("http", StringComparison.Ordinal)..]).AbsolutePath)).Is(200).Json;
        Assert.Equal(("push_repo", "v2"), Assert.Single(file.GetProperty("logs").EnumerateArray().Select(static l => (l.GetProperty("kind").GetString()!, l.GetProperty("metadata").GetProperty("tag").GetString()!))));
    }

    [Fact]
    public async Task Settings_reach_tags_and_what_was_deleted_comes_back()
    {
        var organization = await Me.CreateOrganizationAsync();
        foreach (var tag in (string[])["one", "two", "three"])
            await Me.PushImageAsync($"{organization}/app", tag);
        await Me.CreateRepositoryAsync(organization, "gone");
        (await Me.SendAsync("DELETE", $"/api/v1/repository/{organization}/gone")).Is(204);
        var page = await site.OpenAsync($"/organization/{organization}?tab=settings", site.User);

        await page.GetByLabel("Time machine").SelectOptionAsync("604800");
        await Button(page, "Save").ClickAsync();
        await page.GetByText("The settings were saved.").WaitForAsync();
        Assert.Equal(604_800, (await Me.ReadAsync($"/api/v1/organization/{organization}")).Is(200).Json.GetProperty("tag_expiration_s").GetInt64());
        await Button(page, "Undo").Last.ClickAsync();
        await page.GetByText("Undone").WaitForAsync();
        Assert.Equal(1_209_600, (await Me.ReadAsync($"/api/v1/organization/{organization}")).Is(200).Json.GetProperty("tag_expiration_s").GetInt64());

        await Button(Card(page, "Immutable tags"), "Add a policy").ClickAsync();
        await Dialog(page, "Immutable tags").GetByLabel("Regular expression for the whole name").FillAsync("release-.*");
        await Button(Dialog(page, "Immutable tags"), "Save").ClickAsync();
        await page.GetByText("Names that match release-.*").WaitForAsync();
        await Me.PushImageAsync($"{organization}/app", "release-1");
        var other = await Me.PushImageAsync($"{organization}/app", "four");
        Assert.NotEqual(HttpStatusCode.Created, (await Me.PutManifestAsync($"{organization}/app", "release-1", other.Manifest)).Status);

        await Button(Card(page, "Automatic pruning"), "Add a policy").ClickAsync();
        var dialog = Dialog(page, "Automatic pruning");
        await dialog.GetByText("Nothing would go now.").WaitForAsync();
        await dialog.GetByLabel("How many, or how long").FillAsync("1");
        await dialog.GetByText("3 tags would go").WaitForAsync();
        await dialog.GetByLabel("Only tags whose name matches").FillAsync("t.*");
        await dialog.GetByText("1 tag would go").WaitForAsync();
        await WebSite.ReviewAsync(page, "pruning-preview");
        await Button(dialog, "Save").ClickAsync();
        await page.GetByText("All but the newest 1, of names that match t.*").WaitForAsync();
        Assert.Equal(1, (await Me.ReadAsync($"/api/v1/organization/{organization}/autoprunepolicy/")).Is(200).Json.GetProperty("policies")[0].GetProperty("value").GetInt32());
        await WebSite.ShootAsync(page, "organization-settings-filled-light");

        await Button(page, "Restore gone").ClickAsync();
        await page.GetByText($"{organization}/gone was restored.").WaitForAsync();
        (await Me.ReadAsync($"/api/v1/repository/{organization}/gone")).Is(200);

        await Button(page, "Delete the organization").ClickAsync();
        await Dialog(page, $"Delete {organization}?").GetByRole(AriaRole.Textbox).FillAsync(organization);
        await Button(Dialog(page, $"Delete {organization}?"), "Delete the organization").ClickAsync();
        await page.GetByText($"{organization} was deleted.").WaitForAsync();
        (await Me.ReadAsync($"/api/v1/organization/{organization}")).Is(404);
        await Button(page, $"Restore {organization}").WaitForAsync();
        await WebSite.ShootAsync(page, "organization-deleted-light");
        await Button(page, "Undo").Last.ClickAsync();
        await page.ArrivesAtAsync($"/organization/{organization}");
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "app", Exact = true }).WaitForAsync();
        (await Me.ReadAsync($"/v2/{organization}/app/manifests/three")).Is(200);
    }

    [Fact]
    public async Task All_that_was_done_stays_to_be_undone_while_some_of_it_is_pointed_at()
    {
        var organization = await Me.CreateOrganizationAsync();
        var page = await site.OpenAsync("/robots.txt", site.User);
        await page.Clock.InstallAsync();
        await page.GotoAsync(new Uri(site.Registry.Url, $"/organization/{organization}?tab=settings").ToString());
        foreach (var (seconds, toasts) in new[] { ("604800", 1), ("86400", 2) })
        {
            await page.GetByLabel("Time machine").SelectOptionAsync(seconds);
            await Button(page, "Save").ClickAsync();
            await Poll.UntilAsync(async () => await Button(page, "Undo").CountAsync() == toasts);
        }
        await Button(page, "Undo").Last.HoverAsync();

        for (var i = 0; i < 3; i++)
            await page.Clock.FastForwardAsync("00:20");
        Assert.Equal(2, await Button(page, "Undo").CountAsync());

        await page.Mouse.MoveAsync(10, 700);
        await Poll.UntilAsync(async () =>
        {
            await page.Clock.FastForwardAsync("00:20");
            return await Button(page, "Undo").CountAsync() == 0;
        });
    }

    [Fact]
    public async Task A_quota_is_set_with_thresholds_changed_taken_away_and_brought_back()
    {
        var organization = await Me.CreateOrganizationAsync();
        var path = $"/api/v1/organization/{organization}/quota";
        await Me.PushImageAsync($"{organization}/team-a/app", "v1");
        var page = await site.OpenAsync($"/organization/{organization}?tab=usage", site.User);

        await Button(page, "New quota").ClickAsync();
        var dialog = Dialog(page, "New quota");
        await dialog.GetByLabel("For repositories whose names begin with").FillAsync("team-a/");
        await dialog.GetByLabel("How much").FillAsync("1 GiB");
        await dialog.GetByLabel("Warn from").FillAsync("70, 90");
        await dialog.GetByLabel("Refuse pushes from").FillAsync("95");
        await Button(dialog, "Create").ClickAsync();
        await page.GetByText("The quota was set.").WaitForAsync();
        Assert.Equal((1L << 30, "Reject 95, Warning 70, Warning 90"), await QuotaAsync(Me, path));

        await Button(page, "Change the quota of team-a/").ClickAsync();
        dialog = Dialog(page, "Quota of team-a/");
        Assert.Equal("1 GiB", await dialog.GetByLabel("How much").InputValueAsync());
        await dialog.GetByLabel("How much").FillAsync("1 KiB");
        await dialog.GetByLabel("Warn from").FillAsync("70");
        await dialog.GetByLabel("Refuse pushes from").FillAsync("a lot");
        await dialog.GetByText("Percents are whole numbers from 1 to 100.").WaitForAsync();
        Assert.True(await Button(dialog, "Save").IsDisabledAsync());
        await dialog.GetByLabel("Refuse pushes from").FillAsync("100");
        await WebSite.ReviewAsync(page, "quota-change");
        await Button(dialog, "Save").ClickAsync();
        await page.GetByText("The quota was changed.").WaitForAsync();
        Assert.Equal((1L << 10, "Reject 100, Warning 70"), await QuotaAsync(Me, path));
        await Me.PushImageAsync($"{organization}/elsewhere", "v1");
        (await Me.SendAsync("POST", $"/v2/{organization}/team-a/app/blobs/uploads/?digest={Wharf.Oci.Digest.Of(new byte[2048])}", new byte[2048])).Is(403);

        await Button(page, "Remove the quota of team-a/").ClickAsync();
        await page.GetByText("No quota limits what is pushed here.").WaitForAsync();
        await Me.PushImageAsync($"{organization}/team-a/app", "v2");
        await Button(page, "Undo").Last.ClickAsync();
        await Button(page, "Change the quota of team-a/").WaitForAsync();
        Assert.Equal((1L << 10, "Reject 100, Warning 70"), await QuotaAsync(Me, path));
    }

    [Fact]
    public async Task The_forecast_tells_when_there_is_no_room_any_more()
    {
        var organization = await Me.CreateOrganizationAsync();
        await Me.PushBlobAsync($"{organization}/app", Requests.RandomBytes(7_000_000));
        (await site.Registry.Client.SendJsonAsync("POST", $"/api/v1/organization/{organization}/quota", """{"limit":"10 MiB","limits":[{"type":"Warning","threshold_percent":80},{"type":"Reject","threshold_percent":100}]}""")).Is(201);
        await using (var database = await site.Registry.OpenDatabaseAsync())
        {
            // What it would have held on the days before, had it been used then.
            await using var insert = database.CreateCommand();
            var today = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 86_400_000;
            insert.CommandText = $"""
                INSERT INTO usage_day (namespace_id, quota_id, day_ms, bytes)
                SELECT s.namespace_id, s.quota_id, d.day_ms, d.bytes
                  FROM (SELECT n.id AS namespace_id, 0 AS quota_id FROM namespace n WHERE n.name = '{organization}'
                        UNION ALL SELECT q.namespace_id, q.id FROM quota q JOIN namespace n ON n.id = q.namespace_id WHERE n.name = '{organization}') s
                 CROSS JOIN ({string.Join(" UNION ALL ", Enumerable.Range(1, 20).Select(n => $"SELECT {(today - n) * 86_400_000} AS day_ms, {7_000_000 - (n * 250_000)} AS bytes"))}) d
                """;
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        var usage = (await Me.ReadAsync($"/api/v1/organization/{organization}/usage")).Is(200).Json;
        Assert.True(usage.GetProperty("quotas")[0].TryGetProperty("full_on", out _), usage.GetRawText());

        var page = await site.OpenAsync($"/organization/{organization}?tab=usage", site.User);

        await page.GetByText("at that pace").WaitForAsync();
        await page.GetByRole(AriaRole.Img, new PageGetByRoleOptions { Name = "Held over time" }).WaitForAsync();
        await page.GetByText("as it grows now").WaitForAsync();
        // The whole of an organization is the registry's to ration.
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Change the quota" }).CountAsync());
        await WebSite.ReviewAsync(page, "usage-forecast");
    }

    [Fact]
    public async Task A_superuser_rations_a_namespace_of_a_person()
    {
        var page = await site.OpenAsSuperuserAsync($"/user/{Registry.Admin}?tab=usage");

        await Button(page, "New quota").ClickAsync();
        await Dialog(page, "New quota").GetByLabel("How much").FillAsync("10 GiB");
        await Button(page, "Create").ClickAsync();
        await page.GetByText("The quota was set.").WaitForAsync();
        Assert.Equal((10L << 30, "Reject 100, Warning 80"), await QuotaAsync(site.Registry.Client, "/api/v1/user/quota"));
        await Button(page, "Change the quota of the whole namespace").ClickAsync();
        await Dialog(page, "Quota of the whole namespace").GetByLabel("Refuse pushes from").FillAsync("");
        await Button(page, "Save").ClickAsync();
        await page.GetByText("The quota was changed.").WaitForAsync();
        Assert.Equal((10L << 30, "Warning 80"), await QuotaAsync(site.Registry.Client, "/api/v1/user/quota"));
        await Button(page, "Remove the quota of the whole namespace").ClickAsync();
        await page.GetByText("No quota limits what is pushed here.").WaitForAsync();
        Assert.Equal(0, (await site.Registry.Client.ReadAsync("/api/v1/user/quota")).Is(200).Json.GetArrayLength());
    }

    [Fact]
    public async Task On_a_phone_the_keyboard_leads_from_the_organization_to_what_a_robot_signs_in_with()
    {
        var organization = await Me.CreateOrganizationAsync();
        var token = (await Me.SendAsync("PUT", $"/api/v1/organization/{organization}/robots/deployer")).Is(201).Json.GetProperty("token").GetString()!;
        var page = await site.OpenAsync("/organization", site.User, width: 390);
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = organization, Exact = true }).WaitForAsync();

        await TabToAsync(page, organization);
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAtAsync($"/organization/{organization}");
        await page.GetByText("No repositories yet").WaitForAsync();
        await TabToAsync(page, "Robots");
        await page.Keyboard.PressAsync("Enter");
        await Button(page, $"Credentials of {organization}+deployer").WaitForAsync();
        await WebSite.ShootAsync(page, "robots-phone");
        await TabToAsync(page, $"Credentials of {organization}+deployer");
        await page.Keyboard.PressAsync("Enter");
        var dialog = Dialog(page, $"Credentials of {organization}+deployer");
        Assert.Equal(token, await TextAsync(dialog, "Token"));
        await TabToAsync(page, "Docker config file");
        await page.Keyboard.PressAsync("Enter");
        using var config = JsonDocument.Parse(await TextAsync(dialog, "Docker config file"));
        Assert.True(config.RootElement.GetProperty("auths").TryGetProperty(site.Registry.Host, out _));
        await TabToAsync(page, "Copy Docker config file");
        await page.Keyboard.PressAsync("Enter");
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        await WebSite.ShootAsync(page, "robot-credentials-phone");

        await page.Keyboard.PressAsync("Escape");
        await dialog.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        // Back to where it was opened.
        Assert.Equal($"Credentials of {organization}+deployer", await FocusedAsync(page));
    }

    [Fact]
    public async Task An_account_becomes_an_organization_of_somebody_elses()
    {
        var (user, heir) = (await site.Registry.CreateUserAsync(), await site.Registry.CreateUserAsync());
        await user.Client.PushImageAsync($"{user.Name}/app", "v1");
        var page = await site.OpenAsync("/account?tab=end", user);

        await Button(page, "Make an organization of this account").ClickAsync();
        var dialog = Dialog(page, "Make an organization of this account");
        await dialog.GetByLabel("User name of its admin").FillAsync(heir.Name);
        await dialog.GetByLabel("That person’s password").FillAsync("this is not it");
        await dialog.GetByLabel($"Type {user.Name} to go on").FillAsync(user.Name);
        await Button(dialog, "Make an organization of this account").ClickAsync();
        await dialog.Locator(".pf-v6-c-alert.pf-m-danger").WaitForAsync();
        await WebSite.ShootAsync(page, "convert-light");
        await dialog.GetByLabel("That person’s password").FillAsync(heir.Password);
        await Button(dialog, "Make an organization of this account").ClickAsync();
        await page.ArrivesAtAsync("/signin");

        Assert.True((await heir.Client.ReadAsync($"/api/v1/organization/{user.Name}")).Is(200).Json.GetProperty("is_admin").GetBoolean());
        (await heir.Client.ReadAsync($"/v2/{user.Name}/app/manifests/v1")).Is(200);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(401);
    }

    private async Task<string> NewRepositoryAsync(params string[] tags)
    {
        var repository = $"{site.Organization}/r{Guid.NewGuid():N}";
        foreach (var tag in tags)
            await Me.PushImageAsync(repository, tag);
        return repository;
    }

    private async Task<(string Repository, string Role)[]> GrantsAsync(string robot) =>
        [.. (await Me.ReadAsync($"/api/v1/organization/{site.Organization}/robots/{robot}/permissions")).Is(200).Json.GetProperty("permissions").EnumerateArray()
            .Select(static p => (p.GetProperty("repository").GetProperty("name").GetString()!, p.GetProperty("role").GetString()!))];

    private static async Task<(long Bytes, string Thresholds)> QuotaAsync(HttpClient client, string path)
    {
        var quota = (await client.ReadAsync(path)).Is(200).Json[0];
        return (quota.GetProperty("limit_bytes").GetInt64(), string.Join(", ", quota.GetProperty("limits").EnumerateArray().Select(static l => $"{l.GetProperty("type").GetString()} {l.GetProperty("limit_percent").GetInt32()}").Order(StringComparer.Ordinal)));
    }

    private static string Short(string repository) => repository.Split('/', 2)[1];

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static ILocator Button(ILocator within, string name) => within.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = name, Exact = true });

    private static ILocator Dialog(IPage page, string title) => page.GetByRole(AriaRole.Dialog, new PageGetByRoleOptions { Name = title, Exact = true });

    private static ILocator Card(IPage page, string title) => page.Locator(".pf-v6-c-card").Filter(new LocatorFilterOptions { Has = page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = title }) });

    /// <summary>What stands in a box with a button that copies it.</summary>
    private static async Task<string> TextAsync(ILocator dialog, string what) => (await dialog.Locator($"pre[aria-label='{what}']").TextContentAsync())!;

    /// <summary>Finds somebody by the beginning of the name.</summary>
    private static async Task PickAsync(IPage page, ILocator dialog, string label, string name)
    {
        await dialog.GetByRole(AriaRole.Combobox, new LocatorGetByRoleOptions { Name = label }).FillAsync(name[..^2]);
        await page.GetByRole(AriaRole.Option, new PageGetByRoleOptions { Name = name }).ClickAsync();
    }

    private static Task<string> FocusedAsync(IPage page) => page.EvaluateAsync<string>("(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()");

    /// <summary>Presses Tab until what has that name has the focus.</summary>
    private static async Task TabToAsync(IPage page, string name)
    {
        for (var pressed = 0; pressed < 150; pressed++)
        {
            if (await FocusedAsync(page) == name)
                return;
            await page.Keyboard.PressAsync("Tab");
        }
        Assert.Fail($"Tab does not lead to {name}.");
    }
}
