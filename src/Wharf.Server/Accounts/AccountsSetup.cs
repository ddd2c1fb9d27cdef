using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Mail;
using Wharf.Server.Outbox;

namespace Wharf.Server.Accounts;

internal static class AccountsSetup
{
    public static void AddAccounts(this WebApplicationBuilder builder)
    {
        builder.AddSection<AccountOptions>("Accounts");
        FirstSuperuser.CheckEnvironment();
        builder.Services.AddSingleton<AccountStore>().AddSingleton<PeopleStore>().AddSingleton<Namespaces>()
            .AddSingleton(new AdminCommand("user.add", AddUserAsync))
            .AddSingleton(static s => new EventListener(s.GetRequiredService<AccountStore>().Hear))
            .AddSingleton<MailCodes>().AddSingleton<Recoveries>()
            .AddHostedService<FirstSuperuser>();
        if (builder.SendsMail())
            builder.Services.AddHostedService<RecoveryWorker>().AddHostedService<MailCodeSweeper>();
    }

    private static async Task<AdminResult> AddUserAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var (name, password) = (arguments.GetProperty("name").GetString() ?? "", arguments.GetProperty("password").GetString() ?? "");
        var made = await services.GetRequiredService<AccountStore>().CreateAsync(name, null, password, superuser: false, onlyFirst: false, by: 0, ct);
        return made.Problem is { } problem
            ? new AdminResult(false, $"The user {name} was not added. {problem}")
            : new AdminResult(true, $"The user {name} was added.", new JsonObject { ["name"] = name });
    }
}
