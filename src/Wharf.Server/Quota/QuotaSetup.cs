using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Content;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Outbox;

namespace Wharf.Server.Quota;

internal static class QuotaSetup
{
    public static void AddQuota(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<QuotaStore>().AddSingleton<IChangeRule, QuotaRule>().AddSingleton<Usages>().AddHostedService<QuotaWorker>()
        .AddSingleton(static s => new EventListener(s.GetRequiredService<QuotaStore>().Hear))
        .AddSingleton(new NamespacePurge(QuotaStore.PurgeAsync))
        .AddSingleton(new AdminCommand("quota.recount", RecountAsync));

    public static void MapQuota(this WebApplication app) => QuotaApi.Map(app);

    private static async Task<AdminResult> RecountAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var scopes = await services.GetRequiredService<QuotaStore>().RecountAsync(null, ct);
        return new AdminResult(true, $"{scopes} namespaces and prefixes are compared with what they have, one after the other; what differs is in the log.", new JsonObject { ["scopes"] = scopes });
    }
}
