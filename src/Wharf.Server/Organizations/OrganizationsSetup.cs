using Wharf.Server.Content;

namespace Wharf.Server.Organizations;

internal static class OrganizationsSetup
{
    public static void AddOrganizations(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<OrganizationStore>().AddSingleton<TeamStore>().AddSingleton<MemberStore>().AddSingleton<PrototypeStore>()
            .AddSingleton(new NamespacePurge(OrganizationStore.PurgeAsync));
}
