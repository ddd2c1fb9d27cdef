using Microsoft.Playwright;
using Wharf.Tests.Clients;
using Wharf.Tests.Server;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.Mail;
using Wharf.Tests.Server.OAuth;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Web;

/// <summary>What one does with one's own account in the browser, seen again through the API and with real clients.</summary>
[Collection(nameof(WebSite))]
public sealed class AccountStoriesTests(WebSite site)
{
    [Fact]
    public async Task An_app_token_opens_the_registry_to_skopeo_until_it_is_revoked()
    {
        await using var home = new ClientHome();
        var user = await site.Registry.CreateUserAsync();
        var page = await site.OpenAsync("/account?tab=tokens", user);
        await page.SaysAsync("No app token yet");

        await page.Button("New app token").ClickAsync();
        await page.Box("What it is for").FillAsync("build machine");
        await page.Button("Create").ClickAsync();
        await page.SaysAsync("This is the only time that it is shown");
        await WebSite.ShootAsync(page, "app-token-once-light");
        var token = await page.CopyableAsync("Token");
        await page.Keyboard.PressAsync("Escape");
        await page.Row("build machine").WaitForAsync();

        var layout = new ImageLayout(home.At("layout"));
        layout.AddImage("v1", "a layer");
        string[] push = ["skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", $"$app:{token}", $"oci:{layout.Folder}:v1", $"docker://{site.Registry.Host}/{user.Name}/tool:v1"];
        await home.RunAsync(push);
        Assert.Equal(["v1"], (await user.Client.ReadAsync($"/v2/{user.Name}/tool/tags/list")).Is(200).Json.GetProperty("tags").Strings());

        await page.Button("Revoke build machine").ClickAsync();
        await page.SaysAsync("The token build machine was revoked.");
        await page.SaysAsync("No app token yet");
        Assert.Contains("unauthorized", await home.RefusedAsync(push), StringComparison.OrdinalIgnoreCase);

        await page.GotoAsync(new Uri(site.Registry.Url, "/account?tab=logs").ToString());
        await page.SaysAsync("Made an application token");
        await page.SaysAsync("Revoked an application token");
        await WebSite.ShootAsync(page, "account-logs-light");
    }

    [Fact]
    public async Task An_encrypted_password_works_until_the_password_changes()
    {
        await using var home = new ClientHome();
        var user = await site.Registry.CreateUserAsync();
        await user.Client.PushImageAsync($"{user.Name}/tool", "v1");
        var page = await site.OpenAsync("/account?tab=encrypted", user);

        await page.Button("Show my encrypted password").ClickAsync();
        await page.GetByLabel("Your password").FillAsync("not this one");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Dialog).Locator(".pf-m-danger").First.WaitForAsync();
        await page.GetByLabel("Your password").FillAsync(user.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("pre[aria-label='Encrypted password']").WaitForAsync();
        await WebSite.ShootAsync(page, "encrypted-light");
        var sealedPassword = await page.CopyableAsync("Encrypted password");
        string[] list = ["skopeo", "list-tags", "--tls-verify=false", "--creds", $"{user.Name}:{sealedPassword}", $"docker://{site.Registry.Host}/{user.Name}/tool"];
        Assert.Contains("\"v1\"", await home.RunAsync(list), StringComparison.Ordinal);

        await page.GotoAsync(new Uri(site.Registry.Url, "/account").ToString());
        await page.GetByLabel("New password", new PageGetByLabelOptions { Exact = true }).FillAsync("another password");
        await page.GetByLabel("The new password again").FillAsync("another passwort");
        await page.SaysAsync("The two are not the same.");
        await page.GetByLabel("The new password again").FillAsync("another password");
        await page.Keyboard.PressAsync("Enter");
        await page.SaysAsync("Your password was changed.");

        await home.RefusedAsync(list);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await site.Registry.ClientFor(user.Name, "another password").ReadAsync("/api/v1/user/")).Is(200);
        // The window in which it was changed stays signed in, and can change more.
        await page.Box("E-mail address").FillAsync($"{user.Name}@elsewhere.test");
        await page.Keyboard.PressAsync("Enter");
        await page.SaysAsync("Saved.");
        Assert.Equal($"{user.Name}@elsewhere.test", (await site.Registry.Client.ReadAsync($"/api/v1/superuser/users/{user.Name}")).Is(200).Json.GetProperty("email").GetString());
    }

    [Fact]
    public async Task What_one_says_of_oneself_is_kept_and_taken_away_again()
    {
        var user = await site.Registry.CreateUserAsync();
        var page = await site.OpenAsync("/account", user);

        await page.Box("Given name").FillAsync("Zoë");
        await page.Box("Company").FillAsync("Acme");
        await page.Keyboard.PressAsync("Enter");
        await page.SaysAsync("Saved.");
        await Assertions.Expect(page.Box("Company")).ToHaveValueAsync("Acme");
        await WebSite.ReviewAsync(page, "profile");
        var said = (await user.Client.ReadAsync("/api/v1/user/")).Is(200).Json;
        Assert.Equal(("Zoë", null, "Acme"), (said.GetProperty("given_name").GetString(), said.GetProperty("family_name").GetString(), said.GetProperty("company").GetString()));

        await page.GotoAsync(site.Registry.Url.ToString());
        await page.SaysAsync("Hello Zoë");
        await page.GotoAsync(new Uri(site.Registry.Url, "/account").ToString());
        await page.Box("Given name").FillAsync("");
        await page.Keyboard.PressAsync("Enter");
        await page.SaysAsync("Saved.");
        Assert.Equal((null, "Acme"), ((await user.Client.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("given_name").GetString(), (await user.Client.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("company").GetString()));
        await page.GotoAsync(new Uri(site.Registry.Url, "/account?tab=logs").ToString());
        await page.SaysAsync("Changed a profile");
    }

    [Fact]
    public async Task Another_session_is_ended_and_this_one_goes_on()
    {
        var user = await site.Registry.CreateUserAsync();
        var elsewhere = await Browser.SignedInAsync(site.Registry, user);
        (await elsewhere.SendAsync("GET", "/api/v1/user/")).Is(200);
        var page = await site.OpenAsync("/account?tab=sessions", user);
        var other = page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasNotText = "this one", Has = page.GetByText("End", new PageGetByTextOptions { Exact = true }) });
        await page.Row("this one").WaitForAsync();
        Assert.Equal(1, await other.CountAsync());

        await other.GetByRole(AriaRole.Button).ClickAsync();
        await page.SaysAsync("The session was ended.");

        await Poll.UntilAsync(async () => await other.CountAsync() == 0);
        (await elsewhere.SendAsync("GET", "/api/v1/user/")).Is(401);
        await page.ReloadAsync();
        await page.Row("this one").WaitForAsync();
    }

    [Fact]
    public async Task The_dark_theme_stays_when_the_page_is_loaded_again()
    {
        var page = await site.OpenAsync("/account", site.User);
        await page.GetByRole(AriaRole.Radio, new PageGetByRoleOptions { Name = "Dark" }).CheckAsync();
        await IsDarkAsync(true);

        await page.ReloadAsync();
        await IsDarkAsync(true);
        Assert.True(await page.GetByRole(AriaRole.Radio, new PageGetByRoleOptions { Name = "Dark" }).IsCheckedAsync());
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = site.User.Name }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = "Light" }).ClickAsync();
        await IsDarkAsync(false);
        // Both places tell the same.
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new PageGetByRoleOptions { Name = "Light" })).ToBeCheckedAsync();

        Task IsDarkAsync(bool dark) => page.Locator("html" + (dark ? ".pf-v6-theme-dark" : ":not(.pf-v6-theme-dark)")).WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
    }

    [Fact]
    public async Task A_program_that_was_allowed_to_act_is_seen_and_stopped()
    {
        var user = await site.Registry.CreateUserAsync();
        var organization = await user.Client.CreateOrganizationAsync();
        var (client, _) = await user.Client.CreateApplicationAsync(organization, "release-bot", new Uri(site.Registry.Url, "/oauth/localapp").ToString());
        var page = await site.OpenAsync($"/oauth/authorize?client_id={client}&response_type=token&scope=user:read&redirect_uri={Uri.EscapeDataString(new Uri(site.Registry.Url, "/oauth/localapp").ToString())}", user);
        await page.Button("Allow").ClickAsync();
        await page.WaitForSelectorAsync("#there:visible");
        using var program = site.Registry.BearerOf((await page.TextContentAsync("#token"))!);
        (await program.ReadAsync("/api/v1/user/")).Is(200);

        await page.GotoAsync(new Uri(site.Registry.Url, "/account?tab=authorizations").ToString());
        await page.Row("release-bot").WaitForAsync();
        await page.SaysAsync(organization);
        await WebSite.ShootAsync(page, "authorizations-light");
        await page.Button("Withdraw from release-bot").ClickAsync();

        await page.SaysAsync("release-bot may not act for you any more.");
        await page.SaysAsync("No program may act for you.");
        (await program.ReadAsync("/api/v1/user/")).Is(401);
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task A_forgotten_password_is_replaced_over_the_mail()
    {
        await using var registry = await Registry.StartAsync<MailRegistry>();
        var user = await registry.CreateUserAsync();
        var page = await site.OpenAsync(registry, "/signin");

        await page.Button("Forgotten your password?").ClickAsync();
        await WebSite.ShootAsync(page, "recovery-light");
        await page.Box("E-mail address").FillAsync($"{user.Name}@example.test");
        await page.Keyboard.PressAsync("Enter");
        await page.SaysAsync("If there is an account with this address, the mail is on its way.");
        var mail = await registry.Mail.ReceiveAsync($"{user.Name}@example.test", "Set a new password");
        await page.GotoAsync(new Uri(registry.Url, Pages.LinkIn(mail)).ToString());
        foreach (var field in await page.Locator("input[type=password]").AllAsync())
            await field.FillAsync("another password");
        await page.Keyboard.PressAsync("Enter");
        await page.SaysAsync("Your password is set");

        (await user.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await registry.ClientFor(user.Name, "another password").ReadAsync("/api/v1/user/")).Is(200);
    }
}
